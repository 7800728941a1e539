import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type ConsumerInfo,
} from '@nats-io/jetstream';
import { TimeoutError, type Msg } from '@nats-io/transport-node';
import type { ServiceName } from '@muster/contracts/resource.js';
import { workQueue } from '@muster/contracts/subjects.js';
import { MusterError } from '@muster/platform/errors.js';
import type { Bus } from './bus.js';

/** All replicas share this consumer: each ticket goes to one of them. */
const WORKERS = 'workers';
/** More would only be found out to be needless, one by one. */
const MOST_TICKETS = 256;
const WAIT_MILLISECONDS = 10_000;
/** How much longer than the server is asked to wait, until a silent one is given up. */
const SPARE_MILLISECONDS = 1_000;
const CONFIRM_MILLISECONDS = 5_000;
const NANOSECONDS_PER_MILLISECOND = 1_000_000;
const NO_TICKETS: readonly number[] = [404, 408];
const AWAY = 'NATS is away';
const STREAM_IS_FULL = 10077;

/** Permission to look for work. Whoever takes it says that it is at it, and when it is done. */
export interface Ticket {
  /** Still at it: nobody else gets the ticket for another while. */
  working(): void;
  /** The ticket is used up. @throws when the bus does not confirm it: it may come again */
  done(): Promise<void>;
  /** Another replica shall have it at once. */
  handOn(): void;
}

/**
 * Hands out work to the replicas of a service: tickets in a JetStream stream of the work-queue kind, each of which goes to one replica, and
 * comes again to another when that one dies over it. A ticket only says that there may be something to do; what, and whether, is decided by
 * the database. So tickets may be lost, doubled or late: who waits for one in vain looks all the same.
 */
export class WorkQueue {
  private readonly stream: string;
  private readonly subject: string;

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
   * Adds a ticket, unless there are so many that one more would wake nobody. Makes the queue where it is missing.
   *
   * @throws what the bus throws when it is away
   */
  async offer(): Promise<void> {
    this.refuseAway();
    try {
      await this.publish();
    } catch {
      // Most likely there is no stream.
      await this.prepare();
      await this.publish();
    }
  }

  private async publish(): Promise<void> {
    try {
      await this.bus.jetstream().publish(this.subject, '');
    } catch (error) {
      if (!isFull(error)) throw error;
    }
  }

  /**
   * Waits for a ticket. Undefined: none came in time, or `signal` was aborted; a ticket that comes later goes to another replica.
   *
   * It asks for one message and waits for one answer, with a time limit of its own, so when it ends does not depend on what an iterator of the
   * client library makes of what it reads from.
   *
   * @throws what the bus throws when it is away, goes away meanwhile or does not answer, or when the queue is gone; the next call mends that
   */
  async take(signal: AbortSignal, waitMilliseconds = WAIT_MILLISECONDS): Promise<Ticket | undefined> {
    if (signal.aborted) return undefined;
    this.refuseAway();
    const pulled = this.pull(waitMilliseconds);
    const early = Promise.withResolvers<undefined>();
    const stop = () => early.resolve(undefined);
    const lose = () => early.reject(noAnswer(AWAY));
    const { untilDisconnected } = this.bus;
    signal.addEventListener('abort', stop);
    untilDisconnected.addEventListener('abort', lose);
    let taken: Ticket | undefined;
    try {
      taken = await Promise.race([pulled, early.promise]);
      return taken;
    } finally {
      signal.removeEventListener('abort', stop);
      untilDisconnected.removeEventListener('abort', lose);
      void pulled.then(
        (ticket) => ticket !== taken && ticket?.handOn(),
        () => undefined,
      );
    }
  }

  private async pull(waitMilliseconds: number): Promise<Ticket | undefined> {
    // Made where it is missing: a pull from a consumer that is not there is not refused but never answered.
    const before = (await this.findConsumer()) ?? (await this.prepare());
    const reply = await this.nextMessage(waitMilliseconds);
    const status = reply?.headers?.code ?? 0;
    if (reply && status === 0) return this.ticketOf(reply);
    if (reply && !NO_TICKETS.includes(status)) throw noAnswer(reply.headers?.description ?? String(status));
    if (before.num_pending > 0) await this.removeStuck(before);
    return undefined;
  }

  /** Undefined: no answer. */
  private async nextMessage(waitMilliseconds: number): Promise<Msg | undefined> {
    try {
      return await this.bus.connection.request(
        `$JS.API.CONSUMER.MSG.NEXT.${this.stream}.${WORKERS}`,
        JSON.stringify({ batch: 1, expires: waitMilliseconds * NANOSECONDS_PER_MILLISECOND }),
        // The message keeps its own subject, by which answers to a shared inbox are told apart.
        { noMux: true, timeout: waitMilliseconds + SPARE_MILLISECONDS },
      );
    } catch (error) {
      if (error instanceof TimeoutError) return undefined;
      throw error;
    }
  }

  /**
   * A stream that replicas make again while it is being deleted may come back (nats-server 2.9.10) so that it keeps tickets and delivers none,
   * whatever consumer asks. It is known by tickets that were there all the while somebody waited, and only deleting the stream helps.
   */
  private async removeStuck(before: ConsumerInfo): Promise<void> {
    const after = await this.findConsumer();
    const isSame = after?.created === before.created && after.delivered.consumer_seq === before.delivered.consumer_seq;
    if (!isSame || after.num_pending === 0) return;
    const { streams } = await this.bus.jetstreamManager();
    await streams.delete(this.stream);
    throw noAnswer(`${this.stream} has tickets and delivers none. It was deleted, and is made again`);
  }

  private ticketOf(message: Msg): Ticket {
    return {
      working: () => void message.respond('+WPI'),
      done: async () => {
        await this.bus.connection.request(message.reply!, '+ACK', { timeout: CONFIRM_MILLISECONDS });
      },
      handOn: () => void message.respond('-NAK'),
    };
  }

  /** Waiting for the bus is not what is wanted here: whoever asks can do without. */
  private refuseAway(): void {
    if (!this.bus.isConnected()) throw noAnswer(AWAY);
  }

  private async findConsumer(): Promise<ConsumerInfo | undefined> {
    try {
      const consumer = await this.bus.jetstream().consumers.get(this.stream, WORKERS);
      return await consumer.info(true);
    } catch (error) {
      if (error instanceof JetStreamApiError) return undefined;
      throw error;
    }
  }

  /** Makes the stream and its consumer where they are missing. Several replicas may do so at the same time. */
  private async prepare(): Promise<ConsumerInfo> {
    const { streams, consumers } = await this.bus.jetstreamManager();
    try {
      await streams.info(this.stream);
    } catch (error) {
      if (!(error instanceof JetStreamApiError)) throw error;
      await streams.add({
        name: this.stream,
        subjects: [this.subject],
        retention: RetentionPolicy.Workqueue,
        storage: StorageType.File,
        discard: DiscardPolicy.New,
        max_msgs: MOST_TICKETS,
      });
    }
    return consumers.add(this.stream, {
      durable_name: WORKERS,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: this.silenceSeconds * 1_000 * NANOSECONDS_PER_MILLISECOND,
    });
  }
}

function noAnswer(what: string): MusterError {
  return new MusterError('unavailable', 'bus.no-answer', `${what}. Work is found without the bus meanwhile`);
}

function isFull(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === STREAM_IS_FULL;
}
