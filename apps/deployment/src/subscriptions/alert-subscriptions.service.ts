import {
  type AlertSubscriptionSpec,
  type AlertSubscriptionStatus,
  type MailTestResult,
  toMailAddresses,
} from '@muster/contracts/kinds/alert-subscription.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import { v7 as uuidv7 } from 'uuid';
import { noMailServer } from './alert-subscription.rules.js';
import type { MailServer } from './mail-server.js';
import { writeTestMail } from './write-mail.js';

/** What people do with subscriptions beside writing them. */
export class AlertSubscriptionsService {
  constructor(
    private readonly subscriptions: ResourceStore<AlertSubscriptionSpec, AlertSubscriptionStatus>,
    private readonly server: MailServer | undefined,
    private readonly site: string,
  ) {}

  /** Sends a mail at once that is only a test. Throws MusterError `resource.not-found`, `mail.no-server`. */
  async test(name: string): Promise<MailTestResult> {
    const { metadata, spec } = await this.subscriptions.get(name);
    if (!this.server) throw noMailServer(name);
    const uid = uuidv7();
    const to = toMailAddresses(spec.addresses);
    const text = writeTestMail({ site: this.site, subscription: name, title: metadata.displayName });
    const began = performance.now();
    const answer = await this.server.send({ uid, at: new Date(), to, recipients: to, ...text });
    const recipients = 'recipients' in answer ? [...answer.recipients] : [];
    return {
      sent: recipients.some(({ state }) => state === 'taken'),
      messageId: this.server.messageIdOf(uid),
      recipients,
      ...('error' in answer ? { error: answer.error } : {}),
      milliseconds: Math.round(performance.now() - began),
    };
  }
}
