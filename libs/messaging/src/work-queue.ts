import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import type { ServiceName } from '@muster/contracts/resource.js';
import { workQueue } from '@muster/contracts/subjects.js';
import { MusterError } from '@muster/platform/errors.js';
import type { Bus } from './bus.js';

/** All replicas share this consumer: each ticket goes to one of them. */
const WORKERS = 'workers';
const MOST_TICKETS = 1_000;
const WAIT_MILLISECONDS = 10_000;
const NANOSECONDS_PER_SECOND = 1_000_000_000;

/** Permission to look for one piece of work. Whoever takes it says that it is at it, and when it is done. */
export interface Ticket {
  /** Still at it: nobody else gets the ticket for another while. */
  working(): void;
  /** The ticket is used up. @throws when the bus does not confirm it: it may come again. */
  done(): Promise<void>;
  /** Another replica shall have it, at once or after a pause. */
  handOn(afterMilliseconds?: number): void;
}

/** Tickets as they come. `stop` ends the waiting for more. */
export interface Tickets extends AsyncIterable<Ticket> {
  stop(): void;
}

/**
 * Hands out work to the replicas of a service: tickets in a JetStream stream of the work-queue kind, each of which goes to one replica, and
 * comes again to another when that one dies over it. A ticket only says that there is something to do; what, and whether, is decided by
 * the database. So tickets may be lost, doubled or late: whoever sees work in the database offers them again.
 */
export class WorkQueue {
  private readonly stream: string;
  private readonly subject: string;
  private manager: Promise<JetStreamManager> | undefined;

  /** @param silenceSeconds a ticket whose holder says nothing for this long goes to another */
  constructor(
    private readonly bus: Bus,
    owner: ServiceName,
    work: string,
    private readonly silenceSeconds: number,
  ) {
    ({ stream: this.stream, subject: this.subject } = workQueue(owner, work, bus.site));
  }

  /**
   * Sees to it that there are so many tickets, those that somebody holds included. Returns how many there are then. Tickets are numbered as the
   * stream would number them, so two replicas that see the same want at the same time make the same tickets, and the stream keeps one of each.
   *
   * @throws what the bus throws when it is away
   */
  async offer(wanted: number): Promise<number> {
    // Else it would be waited for, and whoever asks can do without.
    if (!this.bus.isConnected())
      throw new MusterError('unavailable', 'bus.no-answer', 'NATS is away. Tickets are made when it is back');
    const manager = await this.prepared();
    const { messages, last_seq } = await this.mindful(async () => (await manager.streams.info(this.stream)).state);
    const lacking = Math.min(wanted, MOST_TICKETS) - messages;
    if (lacking <= 0) return messages;
    const stream = this.bus.jetstream();
    await this.mindful(() =>
      Promise.all(
        Array.from({ length: lacking }, (_, index) =>
          stream.publish(this.subject, '', { msgID: String(last_seq + 1 + index) }),
        ),
      ),
    );
    return messages + lacking;
  }

  /**
   * Waits for up to `most` tickets. Ends when it has them, after ten seconds, when told to `stop`, or when the queue is gone, which the next call mends.
   *
   * @throws what the bus throws when it is away or the queue is gone, here or while waiting
   */
  async take(most: number): Promise<Tickets> {
    await this.prepared();
    const messages = await this.mindful(async () => {
      const consumer = await this.bus.jetstream().consumers.get(this.stream, WORKERS);
      return consumer.fetch({ max_messages: most, expires: WAIT_MILLISECONDS });
    });
    return {
      stop: () => messages.stop(),
      [Symbol.asyncIterator]: () => {
        const each = messages[Symbol.asyncIterator]();
        return {
          next: async () => {
            const { value, done } = await this.mindful(() => each.next());
            return done ? { value: undefined, done } : { value: ticketOf(value) };
          },
        };
      },
    };
  }

  /** Whatever fails, look whether the stream is still there before trying again. */
  private async mindful<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      this.manager = undefined;
      throw error;
    }
  }

  private prepared(): Promise<JetStreamManager> {
    this.manager ??= this.prepare().catch((error: unknown) => {
      this.manager = undefined;
      throw error;
    });
    return this.manager;
  }

  /** Makes the stream and its consumer where they are missing. */
  private async prepare(): Promise<JetStreamManager> {
    const manager = await this.bus.jetstreamManager();
    if (!(await exists(manager.streams.info(this.stream)))) {
      await manager.streams.add({
        name: this.stream,
        subjects: [this.subject],
        retention: RetentionPolicy.Workqueue,
        storage: StorageType.File,
        discard: DiscardPolicy.New,
        max_msgs: 10 * MOST_TICKETS,
        duplicate_window: 120 * NANOSECONDS_PER_SECOND,
      });
    }
    const settings = {
      ack_wait: this.silenceSeconds * NANOSECONDS_PER_SECOND,
      max_ack_pending: 10 * MOST_TICKETS,
    };
    if (await exists(manager.consumers.info(this.stream, WORKERS))) {
      await manager.consumers.update(this.stream, WORKERS, settings);
    } else {
      await manager.consumers.add(this.stream, {
        durable_name: WORKERS,
        ack_policy: AckPolicy.Explicit,
        deliver_policy: DeliverPolicy.All,
        ...settings,
      });
    }
    return manager;
  }
}

function ticketOf(message: JsMsg): Ticket {
  return {
    working: () => message.working(),
    async done() {
      await message.ackAck();
    },
    handOn: (afterMilliseconds) => message.nak(afterMilliseconds),
  };
}

async function exists(info: Promise<unknown>): Promise<boolean> {
  try {
    await info;
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError) return false;
    throw error;
  }
}
