import { setMaxListeners } from 'node:events';
import { connect, headers, type MsgHdrs, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import type { RequestDefinition } from '@muster/contracts/subjects.js';
import { MusterError, toProblem } from '@muster/platform/errors.js';
import { currentTraceparent, withTrace } from '@muster/platform/trace.js';
import { problemSchema, CATEGORIES, type Category } from '@muster/contracts/problem.js';
import { parseTolerant } from '@muster/contracts/tolerant.js';

/** The service's connection to the site's NATS server: questions and answers here, facts through relay and consumer. */
export class Bus {
  private readonly answering: Subscription[] = [];
  private inFlight = 0;
  private session = Bus.newSession();

  private constructor(
    readonly connection: NatsConnection,
    readonly site: string,
    /** The name under which several replicas share the answering of questions. */
    private readonly service: string,
  ) {
    void this.follow();
  }

  /** Connects, and keeps reconnecting for ever: a broker that is away is a state, not an end. */
  static async connect(options: {
    url: string;
    user?: string | undefined;
    password?: string | undefined;
    site: string;
    service: string;
  }): Promise<Bus> {
    const connection = await connect({
      servers: options.url,
      ...(options.user ? { user: options.user, pass: options.password ?? '' } : {}),
      name: options.service,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      waitOnFirstConnect: true,
      // Replies to this service are its own to read: the server's permissions say so.
      inboxPrefix: `_INBOX.${options.service}`,
      pingInterval: 5_000,
      maxPingOut: 2,
    });
    return new Bus(connection, options.site, options.service);
  }

  jetstream(): JetStreamClient {
    return jetstream(this.connection, { timeout: 5_000 });
  }

  async jetstreamManager(): Promise<JetStreamManager> {
    return jetstreamManager(this.connection, { timeout: 5_000 });
  }

  /** True while the broker can be reached. */
  isConnected(): boolean {
    return !this.session.signal.aborted && !this.connection.isClosed();
  }

  /** Aborted when the broker goes away: for what would wait for an answer that cannot come. After each reconnection it is another. */
  get untilDisconnected(): AbortSignal {
    return this.session.signal;
  }

  private async follow(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect') this.session.abort();
      else if (type === 'reconnect') this.session = Bus.newSession();
    }
  }

  private static newSession(): AbortController {
    const session = new AbortController();
    // As many as wait for an answer at the same time.
    setMaxListeners(0, session.signal);
    return session;
  }

  /**
   * Asks another service.
   *
   * @throws MusterError as the other side threw it; `bus.no-answer` (unavailable) when nobody answers in time
   */
  async request<Question, Answer>(
    definition: RequestDefinition<Question, Answer>,
    question: Question,
    timeoutMilliseconds = 5_000,
  ): Promise<Answer> {
    let reply;
    try {
      reply = await this.connection.request(definition.subject({ site: this.site }), JSON.stringify(question), {
        timeout: timeoutMilliseconds,
        headers: traceHeaders(),
      });
    } catch (cause) {
      throw new MusterError(
        'unavailable',
        'bus.no-answer',
        `The ${definition.owner} service did not answer "${definition.name}". Try again; if it lasts, look at that service's log`,
        { cause },
      );
    }
    const answer: unknown = reply.json();
    if (reply.headers?.get('Muster-Problem')) {
      const problem = problemSchema.parse(answer);
      const category = (Object.keys(CATEGORIES) as Category[]).find((one) => CATEGORIES[one].status === problem.status);
      const { findings } = problem;
      throw new MusterError(
        category ?? 'bug',
        problem.code,
        problem.detail ?? problem.title,
        findings ? { findings } : {},
      );
    }
    return parseTolerant(definition.answer, answer);
  }

  /** Answers a question for everyone at this site; replicas share the work. */
  answer<Question, Answer>(
    definition: RequestDefinition<Question, Answer>,
    handler: (question: Question) => Promise<Answer>,
    onError: (error: unknown) => void,
  ): void {
    const subscription = this.connection.subscribe(definition.subject({ site: this.site }), {
      queue: this.service,
      callback: (failure, message) => {
        if (failure) return onError(failure);
        this.inFlight += 1;
        void withTrace(message.headers?.get('traceparent'), async () => {
          try {
            const question = parseTolerant(definition.question, message.json());
            message.respond(JSON.stringify(await handler(question)));
          } catch (error) {
            if (!(error instanceof MusterError) || error.category === 'bug') onError(error);
            const problem = headers();
            problem.set('Muster-Problem', '1');
            message.respond(JSON.stringify(toProblem(error)), { headers: problem });
          } finally {
            this.inFlight -= 1;
          }
        });
      },
    });
    this.answering.push(subscription);
  }

  /** Stops answering, lets answers in flight go out, and disconnects. */
  async close(): Promise<void> {
    for (const subscription of this.answering) subscription.unsubscribe();
    const deadline = Date.now() + 5_000;
    while (this.inFlight > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    // What cannot go out because the broker is away is no reason not to end.
    const drained = this.connection.drain().catch(() => undefined);
    await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, 2_000).unref())]);
    await this.connection.close();
  }
}

/** Headers that carry the trace on. */
export function traceHeaders(): MsgHdrs {
  const all = headers();
  const traceparent = currentTraceparent();
  if (traceparent) all.set('traceparent', traceparent);
  return all;
}
