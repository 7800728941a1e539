import { Agent, type Dispatcher, request } from 'undici';
import { AgentError } from '../identity/agent-error.js';
import { refused, ServerError, unreachable } from './server-error.js';

const connectTimeoutMilliseconds = 5_000;
const answerTimeoutMilliseconds = 15_000;
/** Longest silence in the middle of an answer. */
const silenceTimeoutMilliseconds = 20_000;
/** A stream of events says at least that it is still there. */
const streamSilenceMilliseconds = 60_000;
const largestAnswerBytes = 64 * 1024 * 1024;

/** One request to the site. */
export interface SiteRequest {
  readonly method: 'GET' | 'POST';
  /** Path below the base URL, e.g. `/api/v1/agent/policy`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly json?: unknown;
  readonly signal: AbortSignal;
}

/** A whole answer with status 2xx or 304. */
export interface SiteAnswer {
  readonly status: number;
  readonly etag: string | undefined;
  readonly body: Buffer;
}

/** Sends requests to one site and to where its content is. Short timeouts, no redirects, no retries. */
export class Transport {
  readonly dispatcher: Dispatcher;

  /** @param baseUrl as `parseServerUrl` gives it. */
  constructor(private readonly baseUrl: string) {
    this.dispatcher = new Agent({
      connect: { timeout: connectTimeoutMilliseconds },
      headersTimeout: answerTimeoutMilliseconds,
      bodyTimeout: silenceTimeoutMilliseconds,
      connections: 16,
    });
  }

  /** @throws ServerError for every answer but 2xx and 304, and for none. */
  async send({ method, path, headers, json, signal }: SiteRequest): Promise<SiteAnswer> {
    const what = `${method} ${path}`;
    signal.throwIfAborted();
    try {
      const answer = await request(`${this.baseUrl}${path}`, {
        dispatcher: this.dispatcher,
        method,
        headers: {
          accept: 'application/json',
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        signal,
      });
      const body = await readAll(answer.body, what);
      const { statusCode: status } = answer;
      if (status !== 304 && (status < 200 || status > 299)) {
        throw refused(what, status, body.toString('utf8'), single(answer.headers['retry-after']));
      }
      return { status, etag: single(answer.headers.etag), body };
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof AgentError ? error : unreachable(what, error);
    }
  }

  /**
   * Opens a stream of events. It ends without an error when the site ends it.
   * @throws ServerError for every answer but 200, and when nothing comes for a minute
   */
  async stream({
    path,
    headers,
    signal,
  }: Pick<SiteRequest, 'path' | 'headers' | 'signal'>): Promise<AsyncIterable<Buffer>> {
    const what = `GET ${path}`;
    try {
      const answer = await request(`${this.baseUrl}${path}`, {
        dispatcher: this.dispatcher,
        headers: { accept: 'text/event-stream', ...headers },
        bodyTimeout: streamSilenceMilliseconds,
        signal,
      });
      if (answer.statusCode === 200) return answer.body;
      const body = await readAll(answer.body, what);
      throw refused(what, answer.statusCode, body.toString('utf8'), single(answer.headers['retry-after']));
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof AgentError ? error : unreachable(what, error);
    }
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await this.dispatcher.destroy();
  }
}

/**
 * Checks and normalises the URL of a site: no trailing slash.
 * @throws AgentError `agent.server-invalid`
 */
export function parseServerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url && !url.username && !url.password && !url.search && !url.hash;
  if (!plain || !['http:', 'https:'].includes(url.protocol)) {
    const message = `"${withoutQuery(text)}" is no address of a site: write http://HOST[:PORT] or https://HOST[:PORT]`;
    throw new AgentError('agent.server-invalid', message);
  }
  return url.href.replace(/\/+$/, '');
}

/** A URL that may be logged: signatures are in the query, passwords before the host. */
export function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//');
}

async function readAll(body: AsyncIterable<Buffer>, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > largestAnswerBytes) {
      const message = `${what}: the answer is longer than ${largestAnswerBytes} bytes`;
      throw new ServerError('server.invalid-answer', message, 502, undefined);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
