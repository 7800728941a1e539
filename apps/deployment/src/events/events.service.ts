import { Inject, Injectable } from '@nestjs/common';
import type { Event, EventList } from '@muster/contracts/kinds/event.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { decodePosition, encodePosition } from '@muster/service/resources/paging.js';
import { CONFIG } from '@muster/service/tokens.js';
import { Observable } from 'rxjs';
import type { DeploymentConfig } from '../config.js';
import { toCloudEvent } from './cloud-event.js';
import { EventLog } from './event-log.js';
import { type EventFilter, EventRepository } from './event.repository.js';

const PAGE = 500;
/** Another replica may have placed events: look this often without being told. */
const LOOK_EVERY_MILLISECONDS = 1_000;

/** What happened at the site, as history and as it happens. */
@Injectable()
export class EventsService {
  private readonly site: string;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(EventRepository) private readonly repository: EventRepository,
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(CONFIG) config: DeploymentConfig,
  ) {
    this.site = config.MUSTER_SITE;
  }

  /** A page of history, oldest first. Throws MusterError `request.bad-continue`. */
  async list(
    filter: EventFilter,
    page: { since?: Date | undefined; limit: number; continue?: string | undefined },
  ): Promise<EventList> {
    const [after = '0'] = decodePosition(page.continue, ['string']);
    if (!/^\d{1,15}$/.test(after)) decodePosition('x', ['string']);
    const from = { position: Number(after), since: page.since };
    const rows = await this.repository.after(this.database, filter, from, page.limit + 1);
    const shown = rows.slice(0, page.limit);
    const last = shown.at(-1);
    return {
      metadata: rows.length > page.limit && last ? { continue: encodePosition([String(last.position)]) } : {},
      items: shown.map((row) => toCloudEvent(row, this.site)),
    };
  }

  /**
   * The position from which a watch goes on: behind the last event that its client saw, else before the first one since a time, else
   * behind everything there is.
   *
   * @throws MusterError `request.watch-too-old`
   */
  async startOfWatch(lastSeen: number | undefined, since: Date | undefined): Promise<number> {
    if (lastSeen === undefined) return this.repository.positionBefore(this.database, since);
    if (await this.repository.canReadOnFrom(this.database, lastSeen)) return lastSeen;
    throw new MusterError(
      'conflict',
      'request.watch-too-old',
      'What happened since this Last-Event-ID is not kept any more. Watch again without it, and read what is kept with ?since=',
    );
  }

  /** Every event behind a position that the filter lets through, in order, for as long as somebody listens. */
  watch(filter: EventFilter, from: number): Observable<Event> {
    return new Observable((subscriber) => {
      let position = from;
      let following: Promise<void> = Promise.resolve();
      const readOn = async (): Promise<void> => {
        while (!subscriber.closed) {
          const head = await this.repository.head(this.database);
          if (head === position) return;
          const rows = await this.repository.after(this.database, filter, { position }, PAGE);
          for (const row of rows) subscriber.next(toCloudEvent(row, this.site));
          // What the filter kept back is behind us too: a quiet watch never reads it again.
          position = Math.max(rows.at(-1)?.position ?? 0, rows.length < PAGE ? head : 0);
        }
      };
      const follow = (): void => {
        following = following.then(readOn).catch((error: unknown) => subscriber.error(error));
      };
      follow();
      const stop = this.log.onPlaced(follow);
      const timer = setInterval(follow, LOOK_EVERY_MILLISECONDS);
      return () => {
        stop();
        clearInterval(timer);
      };
    });
  }
}
