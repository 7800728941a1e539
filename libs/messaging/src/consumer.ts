import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiError,
  type ConsumerMessages,
  type JetStreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import type { ServiceName } from '@muster/contracts/resource.js';
import { eventStream, outboxRead, type EventDefinition, type OutboxEntry } from '@muster/contracts/subjects.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import { applyFacts, inboxPosition } from '@muster/persistence/inbox.js';
import { MusterError } from '@muster/platform/errors.js';
import { withTrace } from '@muster/platform/trace.js';
import type { Bus } from './bus.js';
import { Loop } from './loop.js';
import { parseTolerant } from '@muster/contracts/tolerant.js';

const BATCH = 200;
/** Messages of the bus in one transaction: each may hold many facts. */
const MESSAGES = 50;
/** How often the producer is asked whether the bus has kept something from us. */
const CHECK_MILLISECONDS = 3_000;
const STREAM_POLL_MILLISECONDS = 250;
const NANOSECONDS_PER_SECOND = 1_000_000_000;

/** What a fact says, and the trace in which it came about. */
export interface Told<Payload> {
  readonly payload: Payload;
  readonly traceparent: string | null;
}

/** What a service does with one kind of fact. */
export interface Subscription<Payload = never> {
  readonly event: EventDefinition<Payload>;
  /** Gets one fact, or several in their order when they may be applied together. */
  readonly apply: (tx: Transaction, facts: readonly Told<Payload>[]) => Promise<void>;
  readonly together: boolean;
  /** Takes what is taken before any row of what the facts of a transaction change, whichever of them come together. */
  readonly first?: (tx: Transaction, facts: FactsTogether) => Promise<void>;
}

/** The facts of one transaction, before any of them is applied. */
export interface FactsTogether {
  /** Those of one kind, in their order; without any that cannot be read: they are parked when it is their turn. */
  of<Payload>(event: EventDefinition<Payload>): Payload[];
}

/** Pairs an event with its handler, keeping the payload's type. */
export function on<Payload>(
  event: EventDefinition<Payload>,
  apply: (tx: Transaction, payload: Payload) => Promise<void>,
): Subscription {
  const each = async (tx: Transaction, facts: readonly Told<Payload>[]): Promise<void> => {
    for (const { payload, traceparent } of facts) await withTrace(traceparent, () => apply(tx, payload));
  };
  return { event, apply: each, together: false } as unknown as Subscription;
}

/**
 * The same for a handler that takes consecutive facts together, with as few statements as one. When one of them cannot be applied it is
 * called again with each alone, so it must have done nothing outside the transaction.
 */
export function onMany<Payload>(
  event: EventDefinition<Payload>,
  apply: (tx: Transaction, facts: readonly Told<Payload>[]) => Promise<void>,
): Subscription {
  return { event, apply, together: true } as unknown as Subscription;
}

/** The same, behind locks that others take in the same order: all of a transaction is behind them, whichever facts come together. */
export function behind(
  lock: (tx: Transaction, facts: FactsTogether) => Promise<void>,
  subscriptions: readonly Subscription[],
): Subscription[] {
  return subscriptions.map((one) => ({ ...one, first: lock }));
}

/**
 * Applies one producer's facts to this service, each exactly once and in the producer's order. The position is in
 * Postgres; JetStream is the fast way in, and the producer's outbox the sure one: a gap, a wiped stream or a silent
 * bus are all cured by reading on from the position (invariant 1).
 */
export class FactConsumer {
  private readonly live: Loop;
  private readonly check: Loop;
  private readonly handlers: Map<string, Subscription>;
  private readonly firsts: ReadonlySet<NonNullable<Subscription['first']>>;
  private messages: ConsumerMessages | undefined;
  private pending: JsMsg[] = [];
  private stopped = false;
  private applying: Promise<void> = Promise.resolve();
  private readonly afterApply = new Set<() => void>();

  constructor(
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly consumer: ServiceName,
    private readonly producer: ServiceName,
    subscriptions: readonly Subscription[],
    private readonly report: { error(error: unknown): void; parked(entry: OutboxEntry, error: unknown): void },
  ) {
    this.handlers = new Map(subscriptions.map((one) => [one.event.subject({ site: bus.site }), one]));
    this.firsts = new Set(subscriptions.flatMap(({ first }) => first ?? []));
    this.live = new Loop(
      () => this.listen(),
      0,
      (error) => report.error(error),
    );
    this.check = new Loop(
      () => this.inTurn(() => this.catchUp()),
      CHECK_MILLISECONDS,
      (error) => report.error(error),
    );
  }

  start(): void {
    this.live.start();
    this.check.start();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.messages?.stop();
    await Promise.all([this.live.stop(), this.check.stop()]);
    await this.applying;
  }

  /** Calls back after facts were applied. */
  onApplied(listener: () => void): void {
    this.afterApply.add(listener);
  }

  /** One round of listening: ends when the consumer or its stream is gone, and is then begun anew. */
  private async listen(): Promise<void> {
    if (this.stopped) return;
    const { name } = eventStream(this.producer, this.bus.site);
    const manager = await this.bus.jetstreamManager();
    // The producer makes the stream with its first fact: until then there is nothing to hear.
    if (!(await hasStream(manager, name))) {
      await new Promise((resolve) => setTimeout(resolve, STREAM_POLL_MILLISECONDS));
      return;
    }
    await manager.consumers.add(name, {
      durable_name: this.consumer,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: 30 * NANOSECONDS_PER_SECOND,
      max_ack_pending: 5_000,
    });
    const consumer = await this.bus.jetstream().consumers.get(name, this.consumer);
    this.messages = await consumer.consume({ max_messages: BATCH, expires: 10_000, abort_on_missing_resource: true });
    if (this.stopped) this.messages.stop();
    for await (const message of this.messages) {
      this.pending.push(message);
      void this.inTurn(() => this.drain()).catch((error: unknown) => this.report.error(error));
    }
  }

  /** Only one of drain and catch-up at a time in this process; replicas are kept apart by the row lock. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.applying.then(work);
    this.applying = turn.catch(() => undefined);
    return turn;
  }

  private async drain(): Promise<void> {
    while (this.pending.length > 0) {
      const batch = this.pending.splice(0, MESSAGES);
      try {
        const entries = batch.flatMap((message) => this.entriesOf(message));
        const last = entries.at(-1)?.position ?? 0;
        const position = await this.apply(entries);
        if (position < last) await this.catchUp();
        for (const message of batch) message.ack();
      } catch (error) {
        for (const message of batch) message.nak(1_000);
        throw error;
      }
    }
  }

  /** One fact, or several. What nobody here wants to know need not be read: only its place counts. */
  private entriesOf(message: JsMsg): OutboxEntry[] {
    const { subject, headers } = message;
    const first = Number(headers?.get('Muster-Position'));
    if (this.handlers.has(subject) || !(first > 0)) return [message.json<OutboxEntry | OutboxEntry[]>()].flat();
    const count = Number(headers?.get('Muster-Facts')) || 1;
    return Array.from({ length: count }, (_, index) => ({
      position: first + index,
      id: '',
      subject,
      payload: undefined,
      traceparent: null,
      occurredAt: '',
    }));
  }

  private async catchUp(): Promise<void> {
    if (this.stopped) return;
    for (;;) {
      const after = await inboxPosition(this.database, this.producer);
      const { head, entries } = await this.bus.request(outboxRead(this.producer), {
        consumer: this.consumer,
        after,
        limit: BATCH,
      });
      if (entries.length > 0 && (await this.apply(entries)) <= after) {
        throw new MusterError(
          'unavailable',
          'bus.facts-missing',
          `The outbox of ${this.producer} goes on at position ${entries[0]?.position}, this service has applied ${after}: what lies between was pruned. Restore it, or reinitialise this service`,
        );
      }
      if (entries.length === 0 || (entries.at(-1)?.position ?? head) >= head) return;
    }
  }

  private async apply(entries: readonly OutboxEntry[]): Promise<number> {
    // What is looked at before facts are applied is read once.
    const read = new Map<OutboxEntry, unknown>();
    const payloadOf = (event: Subscription['event'], entry: OutboxEntry): never => {
      if (!read.has(entry)) read.set(entry, parseTolerant(event.payload, entry.payload));
      return read.get(entry) as never;
    };
    const position = await applyFacts(this.database, this.producer, entries, {
      handlerOf: (subject) => {
        const subscription = this.handlers.get(subject);
        if (!subscription) return undefined;
        const { event, apply } = subscription;
        return (tx, group) =>
          apply(
            tx,
            group.map((entry) => ({ payload: payloadOf(event, entry), traceparent: entry.traceparent })),
          );
      },
      first: async (tx, fresh) => {
        const facts: FactsTogether = {
          of: <Payload>(event: EventDefinition<Payload>) => {
            const subject = event.subject({ site: this.bus.site });
            return fresh.flatMap((entry): Payload[] => {
              if (entry.subject !== subject) return [];
              try {
                return [payloadOf(event as unknown as Subscription['event'], entry)];
              } catch {
                return [];
              }
            });
          },
        };
        for (const first of this.firsts) await first(tx, facts);
      },
      together: (subject) => this.handlers.get(subject)?.together === true,
      parked: (entry, error) => this.report.parked(entry, error),
    });
    for (const listener of this.afterApply) listener();
    return position;
  }
}

async function hasStream(manager: JetStreamManager, name: string): Promise<boolean> {
  try {
    await manager.streams.info(name);
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError) return false;
    throw error;
  }
}
