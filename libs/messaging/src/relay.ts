import { headers } from '@nats-io/transport-node';
import { DiscardPolicy, JetStreamApiError, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import type { ServiceName } from '@muster/contracts/resource.js';
import { eventStream, outboxRead } from '@muster/contracts/subjects.js';
import type { Database } from '@muster/persistence/database.js';
import {
  areApplied,
  assignPositions,
  confirmConsumer,
  MOST_POSITIONS,
  markPublished,
  publishedPosition,
  pruneOutbox,
  type Outbox,
  type OutgoingFact,
} from '@muster/persistence/outbox.js';
import type { Bus } from './bus.js';
import { Loop } from './loop.js';
import { RelayRest } from './relay-rest.js';

const BATCH = 500;
/** Half of what one message may hold (max_payload); a single fact always goes through. */
const MOST_BYTES_PER_ANSWER = 4 * 1024 * 1024;
/** Of several facts; a message of the bus carries 1 MiB, and one fact always has one of its own. */
const MOST_BYTES_PER_MESSAGE = 200_000;
const KEEP_HOURS = 24;
const PRUNE_EVERY_MILLISECONDS = 10 * 60_000;
const NANOSECONDS_PER_SECOND = 1_000_000_000;

/**
 * Carries committed facts from the outbox to the bus, and reads them out to whoever has to catch up. The stream is a
 * cache: it is made anew when it is missing, and what it lost is still in the outbox.
 */
export class OutboxRelay {
  private readonly loop: Loop;
  private readonly rest = new RelayRest();
  private readonly listeners = new Set<() => void>();
  private streamReady = false;
  private prunedAt = 0;

  constructor(
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly producer: ServiceName,
    private readonly outbox: Outbox,
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
        const { head, facts } = await this.outbox.read(this.database, after, limit);
        const entries = whatFits(facts).map((fact) => ({ ...fact, payload: JSON.parse(fact.payload) as unknown }));
        return { head, entries };
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
    const waiting = {
      isBusy: this.outbox.isBusy(),
      areApplied: (position: number) => areApplied(this.database, position),
    };
    if (await this.rest.isDue(performance.now(), waiting)) return;
    // What is committed meanwhile asks for a round of its own: under load there is always more.
    let given: number;
    do {
      given = await assignPositions(this.database);
      if (given > 0) for (const listener of this.listeners) listener();
    } while (given === MOST_POSITIONS);
    for (;;) {
      const after = await publishedPosition(this.database);
      const { facts } = await this.outbox.read(this.database, after, BATCH);
      const last = facts.at(-1);
      if (!last) {
        this.rest.published(performance.now(), after);
        break;
      }
      await this.publish(facts);
      await markPublished(this.database, last.position);
    }
    if (Date.now() - this.prunedAt > PRUNE_EVERY_MILLISECONDS) {
      await pruneOutbox(this.database, KEEP_HOURS);
      this.prunedAt = Date.now();
    }
  }

  private async publish(facts: readonly OutgoingFact[]): Promise<void> {
    if (!this.streamReady) await this.ensureStream();
    const stream = this.bus.jetstream();
    try {
      await Promise.all(
        messages(facts).map(([first, ...others]) => {
          const all = headers();
          all.set('Muster-Position', String(first.position));
          if (first.traceparent) all.set('traceparent', first.traceparent);
          if (others.length === 0)
            return stream.publish(first.subject, textOf(first), { msgID: first.id, headers: all });
          all.set('Muster-Facts', String(1 + others.length));
          const text = `[${[first, ...others].map(textOf).join()}]`;
          // Not by the first alone: another time it may go with fewer.
          return stream.publish(first.subject, text, { msgID: `${first.id} ${others.length}`, headers: all });
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

/** Consecutive facts of one subject share a message while it stays short: `Muster-Facts` of them from `Muster-Position` on. */
function messages(facts: readonly OutgoingFact[]): [OutgoingFact, ...OutgoingFact[]][] {
  const all: [OutgoingFact, ...OutgoingFact[]][] = [];
  let bytes = 0;
  for (const fact of facts) {
    const last = all.at(-1);
    const more = Buffer.byteLength(fact.payload);
    if (last && last[0].subject === fact.subject && bytes + more <= MOST_BYTES_PER_MESSAGE) last.push(fact);
    else {
      all.push([fact]);
      bytes = 0;
    }
    bytes += more;
  }
  return all;
}

/** An OutboxEntry as JSON text. */
function textOf({ payload, ...rest }: OutgoingFact): string {
  return `${JSON.stringify(rest).slice(0, -1)},"payload":${payload}}`;
}

function whatFits(facts: readonly OutgoingFact[]): OutgoingFact[] {
  let bytes = 0;
  return facts.filter(({ payload }, index) => {
    bytes += Buffer.byteLength(payload);
    return index === 0 || bytes <= MOST_BYTES_PER_ANSWER;
  });
}
