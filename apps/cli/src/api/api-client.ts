import { setTimeout as delay } from 'node:timers/promises';
import { IGNORE_LOCK } from '@muster/contracts/kinds/edit-lock.js';
import type { Kind, Resource, ResourceInput, ResourceList } from '@muster/contracts/resource.js';
import { Agent, request, type Dispatcher } from 'undici';
import type { Target } from '../context/choose-target.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { apiErrorOf, isTemporary, neverSent, UnreachableError } from './api-error.js';

export interface ApiClientOptions {
  /** A site that was there and goes away is waited for this long; 0 (default): one try. */
  readonly patienceSeconds?: number;
  readonly signal?: AbortSignal | undefined;
  /** Writes say that they are made although somebody else holds the edit lock. */
  readonly ignoreLock?: boolean;
}

/** One request. `document`: the body is what a user wrote, so that a refusal means an invalid document. */
export interface ApiRequest {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly document?: boolean;
  /** Doing it twice is the same as doing it once: it may be repeated when the connection broke. Default: GET and PUT. */
  readonly repeatable?: boolean;
  /** How long the server may think, default 60; 0: as long as it wants. */
  readonly timeoutSeconds?: number;
}

export interface WriteWish {
  /** The server checks and decides everything and keeps nothing. */
  readonly dryRun?: boolean;
  /** The object is what a user wrote (the default), not what a command made of its arguments. */
  readonly document?: boolean;
  /** Kept with the revision that the write makes, by kinds that keep revisions. */
  readonly comment?: string | undefined;
  /** Delete although something still uses it, of kinds that `guardsUses`. */
  readonly force?: boolean | undefined;
  /** The resourceVersion that must still be current; of deletes. */
  readonly ifMatch?: string;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The public REST API of a site, for one command. Throws ApiError, UnreachableError or another CliError. */
export class ApiClient {
  private readonly agent = new Agent({ keepAliveTimeout: 4_000 });
  private answered = false;

  constructor(
    readonly target: Target,
    private readonly options: ApiClientOptions = {},
  ) {}

  /** Reads one object. */
  async get<Spec, Status>(kind: Kind<Spec, Status>, name: string): Promise<Resource<Spec, Status>> {
    return this.json('GET', `/api/v1/${kind.plural}/${encodeURIComponent(name)}`);
  }

  /** Reads one object, undefined when there is none. */
  async find<Spec, Status>(kind: Kind<Spec, Status>, name: string): Promise<Resource<Spec, Status> | undefined> {
    try {
      return await this.get(kind, name);
    } catch (error) {
      if (error instanceof CliError && error.exitCode === EXIT_CODES.notFound) return undefined;
      throw error;
    }
  }

  /** Every object of a kind, or those with labels or in a folder, page by page. */
  async *list<Spec, Status>(
    kind: Kind<Spec, Status>,
    labelSelector?: string,
    folder?: string,
  ): AsyncGenerator<Resource<Spec, Status>> {
    let next: string | undefined;
    do {
      const page: ResourceList<Resource<Spec, Status>> = await this.json('GET', `/api/v1/${kind.plural}`, {
        query: { limit: '500', labelSelector, folder, continue: next },
      });
      yield* page.items;
      next = page.metadata.continue;
    } while (next !== undefined);
  }

  /** Creates or replaces. */
  async apply(kind: Kind, input: ResourceInput, wish: WriteWish = {}): Promise<Resource> {
    return this.json('PUT', `/api/v1/${kind.plural}/${encodeURIComponent(input.metadata.name)}`, {
      query: { ...dryRunQuery(wish), ...(kind.keepsRevisions ? { comment: wish.comment } : {}) },
      body: input,
      document: wish.document ?? true,
    });
  }

  /** Creates; refused when the name exists. `idempotencyKey` makes a repetition harmless. */
  async create(kind: Kind, input: ResourceInput, idempotencyKey: string, wish: WriteWish = {}): Promise<Resource> {
    return this.json('POST', `/api/v1/${kind.plural}`, {
      query: { ...dryRunQuery(wish), ...(kind.keepsRevisions ? { comment: wish.comment } : {}) },
      body: input,
      headers: { 'Idempotency-Key': idempotencyKey },
      document: wish.document ?? true,
      repeatable: true,
    });
  }

  /** Deletes; returns what it was. */
  async remove(kind: Kind, name: string, wish: WriteWish = {}): Promise<Resource> {
    return this.json('DELETE', `/api/v1/${kind.plural}/${encodeURIComponent(name)}`, {
      query: { ...dryRunQuery(wish), ...(kind.guardsUses && wish.force ? { force: 'true' } : {}) },
      ...(wish.ifMatch === undefined ? {} : { headers: { 'If-Match': wish.ifMatch } }),
    });
  }

  /** Sends a request and returns the JSON of a successful answer. */
  async json<Answer>(method: Method, path: string, wish: ApiRequest = {}): Promise<Answer> {
    const repeatable = wish.repeatable ?? (method === 'GET' || method === 'PUT');
    const started = performance.now();
    for (let pause = 100; ; pause = Math.min(pause * 2, 2000)) {
      try {
        return await this.once<Answer>(method, path, wish);
      } catch (error) {
        const broken = error instanceof UnreachableError && !neverSent(error.cause);
        const patience = this.answered ? (this.options.patienceSeconds ?? 0) * 1000 : 0;
        if (!isTemporary(error) || (broken && !repeatable) || performance.now() + pause > started + patience)
          throw error;
        await delay(pause, undefined, { signal: this.options.signal });
      }
    }
  }

  /** Opens a stream of server-sent events. It ends with an error when nothing came for 45 s: the server sends signs of life. */
  async stream(
    path: string,
    query: Readonly<Record<string, string | undefined>>,
    lastEventId: string | undefined,
    signal?: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    const answer = await this.send('GET', path, {
      query,
      headers: { Accept: 'text/event-stream', ...(lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }) },
      signal,
    });
    if (answer.statusCode !== 200)
      throw apiErrorOf(this.target.server, answer.statusCode, await answer.body.text(), false);
    return answer.body;
  }

  /** Lets go of all connections. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async once<Answer>(method: Method, path: string, wish: ApiRequest): Promise<Answer> {
    const { server } = this.target;
    const answer = await this.send(method, path, { ...wish, signal: this.options.signal });
    let text: string;
    try {
      text = await answer.body.text();
    } catch (cause) {
      this.options.signal?.throwIfAborted();
      throw new UnreachableError(server, cause);
    }
    this.answered ||= answer.statusCode < 500;
    if (answer.statusCode < 200 || answer.statusCode >= 300)
      throw apiErrorOf(server, answer.statusCode, text, wish.document ?? false);
    try {
      return (text === '' ? undefined : JSON.parse(text)) as Answer;
    } catch {
      throw new CliError(
        'server.unexpected-answer',
        `${server} did not answer with JSON: is it the address of a Muster site?`,
        EXIT_CODES.failed,
      );
    }
  }

  private async send(
    method: Method,
    path: string,
    wish: ApiRequest & { readonly signal?: AbortSignal | undefined },
  ): Promise<Dispatcher.ResponseData> {
    const { server, token } = this.target;
    const url = new URL(`${server}${path}`);
    for (const [name, value] of Object.entries(wish.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, value);
    try {
      return await request(url, {
        method,
        dispatcher: this.agent,
        headersTimeout: (wish.timeoutSeconds ?? 60) * 1000,
        bodyTimeout: 45_000,
        headers: {
          Accept: 'application/json',
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
          ...(this.options.ignoreLock && method !== 'GET' ? { [IGNORE_LOCK]: 'true' } : {}),
          ...(wish.body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...wish.headers,
        },
        ...(wish.body === undefined ? {} : { body: JSON.stringify(wish.body) }),
        ...(wish.signal === undefined ? {} : { signal: wish.signal }),
      });
    } catch (cause) {
      wish.signal?.throwIfAborted();
      throw new UnreachableError(server, cause);
    }
  }
}

function dryRunQuery({ dryRun }: WriteWish): Record<string, string | undefined> {
  return { dryRun: dryRun ? 'true' : undefined };
}
