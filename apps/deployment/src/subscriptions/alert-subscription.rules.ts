import type { AlertSubscriptionSpec, AlertSubscriptionStatus } from '@muster/contracts/kinds/alert-subscription.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import type { MailRepository, SubscriptionState } from './mail.repository.js';
import type { NoticeRepository } from './notice.repository.js';

const NEW: AlertSubscriptionStatus = { state: 'working', waiting: 0, dead: 0, refused: [] };

/** @param hasServer false: the site has no mail server, so nobody can subscribe */
export function alertSubscriptionRules(
  database: Database,
  notices: NoticeRepository,
  mails: MailRepository,
  hasServer: boolean,
): ResourceRules<AlertSubscriptionSpec, AlertSubscriptionStatus> {
  return {
    async check({ metadata }) {
      if (!hasServer) throw noMailServer(metadata.name);
    },

    async status(_tx, _input, current) {
      return current?.status ?? NEW;
    },

    async saved(tx, { metadata, spec }) {
      if (spec.enabled === false) await notices.forget(tx, metadata.uid);
    },

    async derive(resources) {
      const states = await mails.states(
        database,
        resources.map(({ metadata }) => metadata.uid),
      );
      return resources.map((one) => ({ ...one, status: toStatus(states.get(one.metadata.uid), hasServer) }));
    },
  };
}

/** `mail.no-server`: what is to be set so that mail can be sent. */
export function noMailServer(name: string): MusterError {
  return new MusterError(
    'conflict',
    'mail.no-server',
    `AlertSubscription "${name}": this site has no mail server. Set MUSTER_MAIL_SERVER and MUSTER_MAIL_FROM of the deployment service (muster up --mail-server URL --mail-from ADDRESS)`,
  );
}

/** How a subscription looks in the status. Pure. */
export function toStatus(found: SubscriptionState | undefined, hasServer: boolean): AlertSubscriptionStatus {
  if (!found) return { ...NEW, state: hasServer ? 'working' : 'no-server' };
  const { enabled, waiting, dead, last_sent_at, failing_since, last_error, recipients } = found;
  const refused = (recipients ?? []).filter(({ state }) => state !== 'taken');
  const failing = failing_since !== null || refused.length > 0;
  return {
    state: !enabled ? 'suspended' : !hasServer ? 'no-server' : failing ? 'failing' : 'working',
    waiting,
    dead,
    ...(last_sent_at ? { lastSentAt: last_sent_at.toISOString() } : {}),
    ...(failing_since ? { failingSince: failing_since.toISOString() } : {}),
    ...(last_error === null ? {} : { lastError: last_error }),
    refused,
  };
}
