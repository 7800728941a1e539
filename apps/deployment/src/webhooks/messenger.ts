import type { BlockList } from 'node:net';
import type { Event } from '@muster/contracts/kinds/event.js';
import type { Database } from '@muster/persistence/database.js';
import type { Answer } from './judge-delivery.js';
import type { SecretBox } from './secret-box.js';
import { send } from './send.js';
import { signatureHeaders } from './signature.js';
import type { WebhookSecretRepository } from './webhook-secret.repository.js';

/** An event in the shape that its receiver is told, whether it is in the log or only a test. */
export type Told = Omit<Event, 'type'> & { type: string };

/** Signs events and sends them to the address of a webhook. */
export class Messenger {
  constructor(
    private readonly database: Database,
    private readonly secrets: WebhookSecretRepository,
    private readonly box: SecretBox,
    private readonly allowed: BlockList,
  ) {}

  /** The secrets that sign for a webhook now. */
  async secretsOf(uid: string, name: string): Promise<string[]> {
    return (await this.secrets.signing(this.database, uid)).map((sealed) => this.box.open(sealed, name));
  }

  async send(url: string, event: Told, secrets: readonly string[]): Promise<Answer> {
    const body = JSON.stringify(event);
    const headers = {
      'Content-Type': 'application/cloudevents+json; charset=utf-8',
      'User-Agent': 'muster-webhook/1',
      ...signatureHeaders({ id: event.id, at: new Date(), body }, secrets),
    };
    return send({ url, headers, body }, this.allowed);
  }
}
