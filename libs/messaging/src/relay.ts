import { headers } from '@nats-io/transport-node';
import { DiscardPolicy, JetStreamApiError, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import type { ServiceName } from '@muster/contracts/resource.js';
import { eventStream, outboxRead, type OutboxEntry } from '@muster/contracts/subjects.js';
import type { Database } from '@muster/persistence/database.js';
import {
  assignPositions,
  confirmConsumer,
  markPublished,
  publishedPosition,
  pruneOutbox,
  readOutbox,
  type Outbox,
} from '@muster/persistence/outbox.js';
import type { Bus } from './bus.js';
import { Loop } from './loop.js';

const BATCH = 500;
/** Half of what one message may hold (max_payload); a single fact always goes through. */
const MOST_BYTES_PER_ANSWER = 4 * 1024 * 1024;
const KEEP_HOURS = 24;
const PRUNE_EVERY_MILLISECONDS = 10 * 60_000;
const NANOSECONDS_PER_SECOND = 1_000_000_000;

/**
 * Carries committed facts from the outbox to the bus, and reads them out to whoever has to catch up. The stream is a
 * cache: it is made anew when it is missing, and what it lost is still in the outbox.
 */
export class OutboxRelay {
  private readonly loop: Loop;
  private readonly listeners = new Set<() => void>();
  private streamReady = false;
  private prunedAt = 0;

  constructor(
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly producer: ServiceName,
    outbox: Outbox,
    private readonly onError: (error: unknown) => void,
  ) {
    this.loop = new Loop(() => this.round(), 500, onError);
    outbox.onCommitted(() => this.loop.nudge());
  }

  start(): void {
    this.bus.answer(
      outboxRead(this.producer),
      async ({ consumer, after, limit }) => {
        await confirmConsumer(this.database, consumer, after);
        const page = await readOutbox(this.database, after, limit);
        return { ...page, entries: whatFits(page.entries) };
      },
      this.onError,
    );
    this.loop.start();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
  }

  /** Calls back whenever facts have got their position: watches read on then. Returns how to stop. */
  onPositioned(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private async round(): Promise<void> {
    while ((await assignPositions(this.database)) > 0) for (const listener of this.listeners) listener();
    for (;;) {
      const after = await publishedPosition(this.database);
      const { entries } = await readOutbox(this.database, after, BATCH);
      const last = entries.at(-1);
      if (!last) break;
      await this.publish(entries);
      await markPublished(this.database, last.position);
    }
    if (Date.now() - this.prunedAt > PRUNE_EVERY_MILLISECONDS) {
      await pruneOutbox(this.database, KEEP_HOURS);
      this.prunedAt = Date.now();
    }
  }

  private async publish(entries: readonly OutboxEntry[]): Promise<void> {
    if (!this.streamReady) await this.ensureStream();
    const stream = this.bus.jetstream();
    try {
      await Promise.all(
        entries.map((entry) => {
          const all = headers();
          all.set('Muster-Position', String(entry.position));
          if (entry.traceparent) all.set('traceparent', entry.traceparent);
          return stream.publish(entry.subject, JSON.stringify(entry), { msgID: entry.id, headers: all });
        }),
      );
    } catch (error) {
      // Whatever the reason, look whether the stream is still there before trying again.
      this.streamReady = false;
      throw error;
    }
  }

  private async ensureStream(): Promise<void> {
    const { name, subjects } = eventStream(this.producer, this.bus.site);
    const manager = await this.bus.jetstreamManager();
    const config = {
      name,
      subjects,
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.Old,
      max_age: 24 * 3600 * NANOSECONDS_PER_SECOND,
      max_bytes: 512 * 1024 * 1024,
      duplicate_window: 120 * NANOSECONDS_PER_SECOND,
    };
    try {
      await manager.streams.info(name);
    } catch (error) {
      if (!(error instanceof JetStreamApiError)) throw error;
      await manager.streams.add(config);
    }
    this.streamReady = true;
  }
}

function whatFits(entries: readonly OutboxEntry[]): OutboxEntry[] {
  let bytes = 0;
  return entries.filter((entry, index) => {
    bytes += Buffer.byteLength(JSON.stringify(entry.payload));
    return index === 0 || bytes <= MOST_BYTES_PER_ANSWER;
  });
}
