import type { BlockList } from 'node:net';
import type { WebhookSpec, WebhookStatus } from '@muster/contracts/kinds/webhook.js';
import type { ResourceInput } from '@muster/contracts/resource.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import { addressOf, judgeAddress } from './judge-address.js';
import type { SecretBox } from './secret-box.js';
import type { LineState, WebhookLineRepository } from './webhook-line.repository.js';
import type { WebhookSecretRepository } from './webhook-secret.repository.js';

/**
 * A webhook never gives its secret back: it is sealed before anything is kept, and its specification says which one it is.
 *
 * @param networks where events may be sent although it is not the public internet; also without TLS
 */
export function webhookRules(
  database: Database,
  lines: WebhookLineRepository,
  secrets: WebhookSecretRepository,
  box: SecretBox,
  networks: { allowed: BlockList; any: boolean },
): ResourceRules<WebhookSpec, WebhookStatus> {
  // What `seal` took out, for `saved` inside the transaction.
  const sealed = new WeakMap<WebhookSpec, string>();

  return {
    async seal(input) {
      const { secret, secretId: _written, ...rest } = input.spec;
      if (secret === undefined) return { ...input, spec: rest };
      const spec: WebhookSpec = { ...rest, secretId: box.idOf(secret) };
      sealed.set(spec, box.seal(secret, input.metadata.name));
      return { ...input, spec };
    },

    merge(current, input) {
      const secretId = current?.spec.secretId;
      if (input.spec.secretId !== undefined || secretId === undefined) return input;
      return { ...input, spec: { ...input.spec, secretId } };
    },

    async check(input) {
      refuseAddress(input, networks);
    },

    async status(_tx, input, current) {
      if (input.spec.secretId === undefined) {
        throw new MusterError(
          'invalid',
          'webhook.secret-missing',
          `Webhook "${input.metadata.name}" has no secret: give spec.secret when it is made, or use "muster webhook create", which makes one`,
        );
      }
      return current?.status ?? { state: 'working', pending: 0, dead: 0 };
    },

    async saved(tx, { metadata, spec }, previous) {
      if (!previous) await lines.begin(tx, metadata.uid);
      const secret = sealed.get(spec);
      if (spec.secretId === undefined || secret === undefined || spec.secretId === previous?.spec.secretId) return;
      await secrets.rotate(tx, metadata.uid, spec.secretId, secret);
    },

    async derive(resources) {
      const states = await lines.states(
        database,
        resources.map(({ metadata }) => metadata.uid),
      );
      return resources.map((one) => ({ ...one, status: toStatus(states.get(one.metadata.uid)) }));
    },
  };
}

/** How a line looks in the status. Pure. */
export function toStatus(line: LineState | undefined): WebhookStatus {
  if (!line) return { state: 'working', pending: 0, dead: 0 };
  const { pending, dead, disabled_at, failing_since, last_delivered_at, last_error } = line;
  return {
    state: !line.enabled ? 'suspended' : disabled_at ? 'disabled' : failing_since ? 'failing' : 'working',
    pending,
    dead,
    ...(failing_since ? { failingSince: failing_since.toISOString() } : {}),
    ...(disabled_at ? { disabledAt: disabled_at.toISOString() } : {}),
    ...(last_delivered_at ? { lastDeliveredAt: last_delivered_at.toISOString() } : {}),
    ...(last_error === null ? {} : { lastError: last_error }),
  };
}

/** @throws MusterError `webhook.https-required`, `webhook.address-refused`: what can be known before a name is resolved */
function refuseAddress({ metadata, spec }: ResourceInput<WebhookSpec>, networks: { allowed: BlockList; any: boolean }) {
  const url = new URL(spec.url);
  const address = addressOf(url.hostname);
  const verdict = address === undefined ? undefined : judgeAddress(address, networks.allowed);
  if (verdict === 'refused') {
    throw new MusterError(
      'invalid',
      'webhook.address-refused',
      `Webhook "${metadata.name}": ${address} is in a network that webhooks of this site are not sent to. MUSTER_WEBHOOK_NETWORKS of the deployment service (muster up --webhooks-to) can allow it`,
    );
  }
  if (url.protocol === 'http:' && (verdict === 'public' || !networks.any)) {
    throw new MusterError(
      'invalid',
      'webhook.https-required',
      `Webhook "${metadata.name}": events go by https; http is for networks that MUSTER_WEBHOOK_NETWORKS names`,
    );
  }
}
