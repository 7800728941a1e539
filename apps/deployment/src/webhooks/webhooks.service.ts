import { matchingTypes } from '@muster/contracts/kinds/event.js';
import type {
  DeliveryState,
  WebhookDeliveryList,
  WebhookRedelivery,
  WebhookSpec,
  WebhookStatus,
  WebhookTestResult,
} from '@muster/contracts/kinds/webhook.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { decodePosition, encodePosition } from '@muster/service/resources/paging.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import { v7 as uuidv7 } from 'uuid';
import { sequenceOf } from '../events/cloud-event.js';
import { describeAnswer, meaningOf } from './judge-delivery.js';
import type { Messenger, Told } from './messenger.js';
import type { DeliveryRow, WebhookDeliveryRepository } from './webhook-delivery.repository.js';
import type { WebhookLineRepository } from './webhook-line.repository.js';

/** What people do with webhooks beside writing them. */
export class WebhooksService {
  constructor(
    private readonly database: Database,
    private readonly webhooks: ResourceStore<WebhookSpec, WebhookStatus>,
    private readonly lines: WebhookLineRepository,
    private readonly deliveries: WebhookDeliveryRepository,
    private readonly messenger: Messenger,
    private readonly site: string,
  ) {}

  /** Sends an event at once that is only a test. When it is delivered, a webhook that was disabled works again. Throws `resource.not-found`. */
  async test(name: string): Promise<WebhookTestResult> {
    const { metadata, spec } = await this.webhooks.get(name);
    const event: Told = {
      specversion: '1.0',
      id: uuidv7(),
      source: `/sites/${this.site}`,
      type: 'webhook.test',
      subject: `webhooks/${name}`,
      time: new Date().toISOString(),
      datacontenttype: 'application/json',
      sequence: sequenceOf(0),
      data: { message: `a test of webhook ${name}`, webhook: name },
    };
    const began = performance.now();
    const answer = await this.messenger.send(spec.url, event, await this.messenger.secretsOf(metadata.uid, name));
    const delivered = meaningOf(answer) === 'delivered';
    if (delivered) await this.database.transaction((tx) => this.lines.enable(tx, metadata.uid));
    return {
      delivered,
      event: event.id,
      ...('status' in answer ? { status: answer.status } : {}),
      ...(delivered ? {} : { error: describeAnswer(answer) }),
      milliseconds: Math.round(performance.now() - began),
    };
  }

  /** A page of what was delivered or not, newest first. Throws `resource.not-found`, `request.bad-continue`. */
  async list(
    name: string,
    page: { state?: DeliveryState | undefined; limit: number; continue?: string | undefined },
  ): Promise<WebhookDeliveryList> {
    const { metadata } = await this.webhooks.get(name);
    const [before] = decodePosition(page.continue, ['string']);
    if (before !== undefined && !/^\d{1,15}$/.test(before)) decodePosition('x', ['string']);
    const rows = await this.deliveries.page(this.database, metadata.uid, {
      before: before === undefined ? undefined : Number(before),
      state: page.state,
      limit: page.limit + 1,
    });
    const shown = rows.slice(0, page.limit);
    const last = shown.at(-1);
    return {
      metadata: rows.length > page.limit && last ? { continue: encodePosition([String(last.position)]) } : {},
      items: shown.map(toDelivery),
    };
  }

  /** Has events delivered again, with the same ids. Throws `resource.not-found`, `webhook.disabled`, `webhook.delivery-not-found`. */
  async redeliver(name: string, wish: WebhookRedelivery): Promise<{ events: number }> {
    const { metadata, spec, status } = await this.webhooks.get(name);
    const { uid } = metadata;
    if (status.state === 'disabled') {
      throw new MusterError(
        'conflict',
        'webhook.disabled',
        `Webhook "${name}" is disabled, for nothing could be delivered. Once its receiver works, "muster webhook test ${name}" enables it`,
      );
    }
    const events = await this.database.transaction((tx) =>
      'since' in wish
        ? this.deliveries.againSince(tx, uid, matchingTypes(spec.events), new Date(wish.since))
        : this.deliveries.again(tx, uid, 'event' in wish ? { event: wish.event } : 'dead'),
    );
    if ('event' in wish && events === 0) {
      throw new MusterError(
        'not-found',
        'webhook.delivery-not-found',
        `Webhook "${name}" was not told of event ${wish.event}, or it is not kept any more`,
      );
    }
    return { events };
  }
}

function toDelivery(row: DeliveryRow): WebhookDeliveryList['items'][number] {
  return {
    event: row.event_id,
    type: row.type,
    sequence: sequenceOf(row.position),
    state: row.state,
    attempts: row.attempts,
    ...(row.state === 'pending' ? { nextAttemptAt: row.next_attempt_at.toISOString() } : {}),
    ...(row.last_status === null ? {} : { lastStatus: row.last_status }),
    ...(row.last_error === null ? {} : { lastError: row.last_error }),
    updatedAt: row.updated_at.toISOString(),
  };
}
