import { API_VERSION, type Resource } from '@muster/contracts/resource.js';
import type { Problem } from '@muster/contracts/problem.js';

/** A client of the service's REST door. */
export class Api {
  constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  async call<Body>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: Body }> {
    const response = await fetch(`${this.url}/api/v1/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: (await response.json()) as Body };
  }

  async get<One extends Resource>(path: string): Promise<One> {
    return this.expecting<One>('GET', path, undefined, [200]);
  }

  async list<One extends Resource>(path: string): Promise<One[]> {
    return (await this.expecting<{ items: One[] }>('GET', path, undefined, [200])).items;
  }

  async apply<One extends Resource>(
    kind: string,
    plural: string,
    name: string,
    spec: object,
    metadata = {},
  ): Promise<One> {
    return this.expecting<One>('PUT', `${plural}/${name}`, document(kind, name, spec, metadata), [200, 201]);
  }

  async refused(method: string, path: string, body?: unknown): Promise<Problem> {
    const answer = await this.call<Problem>(method, path, body);
    if (answer.status < 400) throw new Error(`${method} ${path} was not refused: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Reads a watch until `enough` says so; `listed` is called when what there was has been told, and what happens comes next. */
  async watch<One extends Resource>(
    path: string,
    enough: (seen: One[]) => boolean,
    listed: () => void = () => undefined,
    headers: Record<string, string> = {},
  ): Promise<One[]> {
    const seen: One[] = [];
    const abort = new AbortController();
    const response = await fetch(`${this.url}/api/v1/${path}`, {
      headers: { authorization: `Bearer ${this.token}`, ...headers },
      signal: AbortSignal.any([abort.signal, AbortSignal.timeout(100_000)]),
    });
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const data = event.split('\n').find((line) => line.startsWith('data: '));
        if (event.includes('event: listed')) listed();
        else if (data) seen.push(JSON.parse(data.slice('data: '.length)) as One);
      }
      if (enough(seen)) break;
    }
    abort.abort();
    return seen;
  }

  private async expecting<Body>(method: string, path: string, body: unknown, statuses: number[]): Promise<Body> {
    const answer = await this.call<Body>(method, path, body);
    if (!statuses.includes(answer.status)) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}

/** A document as a user writes it. */
export function document(kind: string, name: string, spec: object, metadata = {}): object {
  return { apiVersion: API_VERSION, kind, metadata: { name, ...metadata }, spec };
}
