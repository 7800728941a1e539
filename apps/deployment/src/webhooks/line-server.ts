import type { Database } from '@muster/persistence/database.js';
import type { Logger } from 'pino';
import { toCloudEvent } from '../events/cloud-event.js';
import { pauseSeconds, retrySeconds } from '../outgoing/retry.js';
import { describeAnswer, meaningOf } from './judge-delivery.js';
import type { Messenger } from './messenger.js';
import type { DueDelivery, WebhookDeliveryRepository } from './webhook-delivery.repository.js';
import type { ClaimedLine, WebhookLineRepository } from './webhook-line.repository.js';

/** A worker leaves a line after so long, so that every line gets its turn. */
const SERVE_SECONDS = 20;

/** Delivers what is due in a line, as long as it goes well. */
export class LineServer {
  constructor(
    private readonly database: Database,
    private readonly lines: WebhookLineRepository,
    private readonly deliveries: WebhookDeliveryRepository,
    private readonly messenger: Messenger,
    private readonly options: { site: string; giveUpHours: number },
    private readonly logger: Logger,
  ) {}

  /** @param ends true: stop before the next request */
  async serve(line: ClaimedLine, ends: () => boolean): Promise<void> {
    const until = performance.now() + SERVE_SECONDS * 1000;
    try {
      const secrets = await this.messenger.secretsOf(line.uid, line.name);
      while (!ends() && performance.now() < until) {
        const due = await this.deliveries.due(this.database, line.uid, line.spec.parallel ?? 1);
        if (due.length === 0) return;
        const goesOn = await Promise.all(due.map((one) => this.deliver(line, one, secrets)));
        if (goesOn.includes(false)) return;
      }
    } finally {
      await this.lines.release(this.database, line);
    }
  }

  /** One attempt. False: the line is to be left. */
  private async deliver(line: ClaimedLine, due: DueDelivery, secrets: readonly string[]): Promise<boolean> {
    const { event, position } = due;
    if (!event) {
      await this.deliveries.settle(this.database, line.uid, position, {
        state: 'dead',
        error: 'the event is not kept any more',
      });
      return true;
    }
    const answer = await this.messenger.send(line.spec.url, toCloudEvent(event, this.options.site), secrets);
    const meaning = meaningOf(answer);
    const status = 'status' in answer ? answer.status : undefined;
    if (meaning === 'delivered') {
      await this.database.transaction(async (tx) => {
        await this.deliveries.settle(tx, line.uid, position, { state: 'delivered', status });
        await this.lines.succeeded(tx, line.uid);
      });
      return true;
    }
    const error = describeAnswer(answer);
    this.logger.info(
      { webhook: line.name, event: event.id, attempts: due.attempts + 1, meaning, error },
      'not delivered',
    );
    return this.database.transaction(async (tx) => {
      const wait = meaning === 'refused' ? retrySeconds(due.attempts + 1, Math.random()) : 0;
      await this.deliveries.settle(tx, line.uid, position, {
        state: wait === undefined ? 'dead' : 'pending',
        status,
        error,
        retrySeconds: wait,
      });
      const { failures, failingSince } = await this.lines.failed(tx, line.uid, meaning === 'unreachable', error);
      const hours = (Date.now() - failingSince.getTime()) / 3_600_000;
      if (meaning === 'gone' || hours > this.options.giveUpHours) {
        await this.lines.disable(tx, line.uid);
        return false;
      }
      if (meaning !== 'unreachable') return true;
      const wishSeconds = 'status' in answer ? answer.retryAfterSeconds : undefined;
      await this.lines.pause(tx, line.uid, pauseSeconds(failures, Math.random(), wishSeconds));
      return false;
    });
  }
}
