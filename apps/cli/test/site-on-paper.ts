import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ManifestFile } from '@muster/contracts/agent/content.js';
import { blobsOf } from '@muster/contracts/agent/manifest-blobs.js';
import { KINDS } from '@muster/contracts/kinds/all.js';
import type { Kind, Resource, ResourceInput } from '@muster/contracts/resource.js';

export const TOKEN = 'muster_test';

interface Change {
  readonly position: number;
  readonly plural: string;
  readonly type: 'saved' | 'deleted';
  readonly resource: Resource;
}

interface Upload {
  readonly version: number;
  readonly files: ManifestFile[];
}

/**
 * A small real HTTP server that answers as the contract says: resources with pages, preconditions, dry run and a watch that can
 * be resumed; uploads; tokens; problem+json. It keeps everything in memory and remembers what was asked.
 */
export class SiteOnPaper {
  readonly requests: string[] = [];
  readonly headersSeen: IncomingMessage['headers'][] = [];
  readonly blobs = new Map<string, Buffer>();
  readonly uploads = new Map<string, Upload[]>();
  /** Answers this instead of doing anything, first come first served. */
  readonly mishaps: { match: RegExp; status: number; body?: unknown; hangUp?: boolean }[] = [];
  private readonly store = new Map<string, Map<string, Resource>>();
  private readonly changes: Change[] = [];
  private readonly watchers = new Set<{ plural: string; name: string | null; response: ServerResponse }>();
  private version = 0;

  private readonly server = createServer((request, response) => {
    void this.answer(request, response);
  });

  static async start(): Promise<SiteOnPaper> {
    const site = new SiteOnPaper();
    await new Promise<void>((resolve) => site.server.listen(0, '127.0.0.1', resolve));
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Behind each address for an upload. */
  addressQuery = '';

  /** How many streams are open. */
  /** False: a watch stays in the middle of its listing. */
  listsToTheEnd = true;

  get watching(): number {
    return this.watchers.size;
  }

  /** Breaks every open stream. */
  breakStreams(): void {
    for (const { response } of this.watchers) response.destroy();
  }

  /** Puts an object there, as the site itself would. */
  save(kind: Kind, name: string, spec: unknown, status: unknown, uid?: string): Resource {
    const before = this.all(kind.plural).get(name);
    const resource: Resource = {
      apiVersion: 'muster/v1',
      kind: kind.kind,
      metadata: {
        name,
        uid: uid ?? before?.metadata.uid ?? randomUUID(),
        resourceVersion: String(++this.version),
        generation: (before?.metadata.generation ?? 0) + 1,
        createdAt: before?.metadata.createdAt ?? '2026-01-01T00:00:00.000Z',
        updatedAt: '2026-01-01T00:00:00.000Z',
      },
      spec,
      status,
    };
    return this.keep(kind.plural, resource);
  }

  read(kind: Kind, name: string): Resource | undefined {
    return this.all(kind.plural).get(name);
  }

  private all(plural: string): Map<string, Resource> {
    const found = this.store.get(plural) ?? new Map<string, Resource>();
    this.store.set(plural, found);
    return found;
  }

  private keep(plural: string, resource: Resource): Resource {
    this.all(plural).set(resource.metadata.name, resource);
    this.tell({ position: this.changes.length + 1, plural, type: 'saved', resource });
    return resource;
  }

  private tell(change: Change): void {
    this.changes.push(change);
    for (const watcher of this.watchers) {
      if (
        watcher.plural === change.plural &&
        (watcher.name ?? change.resource.metadata.name) === change.resource.metadata.name
      )
        writeEvent(watcher.response, change.position, change.type, change.resource);
    }
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://x');
    this.requests.push(`${request.method} ${url.pathname}${url.search}`);
    this.headersSeen.push(request.headers);
    const body = await bodyOf(request);
    const index = this.mishaps.findIndex(({ match }) => match.test(`${request.method} ${url.pathname}`));
    const [mishap] = index < 0 ? [] : this.mishaps.splice(index, 1);
    if (mishap?.hangUp) return void response.destroy();
    if (mishap) return send(response, mishap.status, mishap.body ?? problem(mishap.status, 'test.mishap', 'not now'));
    if (url.pathname.startsWith('/blob/')) {
      if (request.method === 'PUT') return this.putBlob(url, body, response);
      return void response.end(this.blobs.get(url.pathname.slice('/blob/'.length)));
    }
    if (request.headers.authorization !== `Bearer ${TOKEN}`)
      return send(response, 401, problem(401, 'auth.unknown-token', 'This token is unknown'));
    const [, , , plural = '', name, ...rest] = url.pathname.split('/').map(decodeURIComponent);
    if (plural === 'packages' && rest[0] === 'versions') return this.version1(name ?? '', rest, body, response);
    const kind = KINDS.find((candidate) => candidate.plural === plural);
    if (kind === undefined) return send(response, 404, problem(404, 'request.no-route', 'There is nothing here'));
    if (url.searchParams.get('watch') === 'true') return this.watch(plural, url, request, response);
    if (request.method === 'GET' && name === undefined) return this.list(plural, url, response);
    if (request.method === 'GET') return this.get(kind, name ?? '', response);
    if (request.method === 'DELETE') return this.remove(kind, name ?? '', url, response);
    return this.write(kind, request.method === 'POST', body, url, response);
  }

  private list(plural: string, url: URL, response: ServerResponse): void {
    const after = url.searchParams.get('continue') ?? '';
    const wanted = url.searchParams.get('labelSelector');
    const names = [...this.all(plural).keys()].sort().filter((name) => name > after);
    // Small pages whatever was asked for, so that clients have to follow them.
    const items = names.slice(0, 2).map((name) => this.all(plural).get(name)!);
    const shown = items.filter(({ metadata }) => {
      const [label = '', value] = wanted?.split('=') ?? [];
      return wanted === null || metadata.labels?.[label] === value;
    });
    const metadata = names.length > 2 ? { continue: names[1] } : {};
    send(response, 200, { apiVersion: 'muster/v1', kind: 'List', metadata, items: shown });
  }

  private get(kind: Kind, name: string, response: ServerResponse): void {
    const found = this.all(kind.plural).get(name);
    if (found) send(response, 200, found);
    else send(response, 404, problem(404, 'resource.not-found', `There is no ${kind.kind} "${name}"`));
  }

  private remove(kind: Kind, name: string, url: URL, response: ServerResponse): void {
    const found = this.all(kind.plural).get(name);
    if (!found) return this.get(kind, name, response);
    if (url.searchParams.get('dryRun') !== 'true') {
      this.all(kind.plural).delete(name);
      this.tell({ position: this.changes.length + 1, plural: kind.plural, type: 'deleted', resource: found });
    }
    send(response, 200, found);
  }

  private write(kind: Kind, createOnly: boolean, body: Buffer, url: URL, response: ServerResponse): void {
    const checked = kind.input.safeParse(JSON.parse(body.toString('utf8')));
    if (!checked.success) {
      const findings = checked.error.issues.map((issue) => ({
        path: issue.path.map((part) => `/${String(part)}`).join(''),
        code: 'document.invalid-value',
        message: issue.message,
      }));
      return send(response, 400, { ...problem(400, 'document.invalid', 'The body is not valid'), findings });
    }
    const input: ResourceInput = checked.data;
    const { name, labels, displayName, folder, resourceVersion } = input.metadata;
    const before = this.all(kind.plural).get(name);
    if (before && createOnly)
      return send(response, 409, problem(409, 'resource.name-taken', `"${name}" exists already`));
    if (before && resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion)
      return send(response, 409, problem(409, 'resource.stale-version', `"${name}" has changed`));
    const sameSpec = JSON.stringify(before?.spec) === JSON.stringify(input.spec);
    const after: Resource = {
      apiVersion: 'muster/v1',
      kind: kind.kind,
      metadata: {
        name,
        ...(labels ? { labels } : {}),
        ...(displayName ? { displayName } : {}),
        ...(folder ? { folder } : {}),
        uid: before?.metadata.uid ?? randomUUID(),
        resourceVersion: String(++this.version),
        generation: (before?.metadata.generation ?? 0) + (sameSpec ? 0 : 1),
        createdAt: '2026-01-01T00:00:00.000Z',
        updatedAt: '2026-01-01T00:00:00.000Z',
      },
      spec: input.spec,
      status: before?.status ?? firstStatus(kind.kind),
    };
    if (url.searchParams.get('dryRun') !== 'true') this.keep(kind.plural, after);
    send(response, before ? 200 : 201, after);
  }

  private watch(plural: string, url: URL, request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(': stream begins\n\n');
    const name = url.searchParams.get('name');
    const wanted = (resource: Resource) => name === null || name === resource.metadata.name;
    const last = request.headers['last-event-id'];
    if (last === undefined) {
      for (const resource of this.all(plural).values())
        if (wanted(resource)) writeEvent(response, undefined, 'existing', resource);
      if (this.listsToTheEnd) writeEvent(response, this.changes.length, 'listed', {});
    } else {
      for (const change of this.changes.slice(Number(last)))
        if (change.plural === plural && wanted(change.resource))
          writeEvent(response, change.position, change.type, change.resource);
    }
    const watcher = { plural, name, response };
    this.watchers.add(watcher);
    response.on('close', () => this.watchers.delete(watcher));
  }

  private version1(name: string, rest: readonly string[], body: Buffer, response: ServerResponse): void {
    const found = this.all('packages').get(name);
    if (!found) return send(response, 404, problem(404, 'resource.not-found', `There is no Package "${name}"`));
    const versions = this.uploads.get(name) ?? [];
    this.uploads.set(name, versions);
    const manifest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
    if (rest[2] === 'commit') {
      const upload = versions[Number(rest[1]) - 1];
      const missing = upload && blobsOf(upload).find(({ digest }) => !this.blobs.has(digest));
      if (!upload || missing)
        return send(response, 409, problem(409, 'content.incomplete', `${missing?.path} is missing`));
      this.keep('packages', { ...found, status: { versions: [], newestVersion: upload.version } });
      return send(response, 200, { version: upload.version });
    }
    if (rest[2] === 'manifest') return send(response, 200, { files: versions[Number(rest[1]) - 1]?.files });
    if (rest[2] === 'downloads') {
      const { files } = JSON.parse(body.toString('utf8')) as { files: string[] };
      const downloads = files.map((digest) => ({ digest, url: `${this.url}/blob/${digest}` }));
      return send(response, 200, { downloads, expiresAt: '2099-01-01T00:00:00Z' });
    }
    const { files } = JSON.parse(body.toString('utf8')) as Upload;
    versions.push({ version: versions.length + 1, files });
    const missing = blobsOf({ files }).filter(({ digest }) => !this.blobs.has(digest));
    const uploads = missing.map(({ digest, size }) => ({
      digest,
      size,
      url: `${this.url}/blob/${digest}${this.addressQuery}`,
    }));
    send(response, 201, { version: versions.length, manifest, uploads, expiresAt: '2099-01-01T00:00:00Z' });
  }

  private putBlob(url: URL, body: Buffer, response: ServerResponse): void {
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
    if (!url.pathname.endsWith(digest))
      return send(response, 400, problem(400, 'XAmzContentSHA256Mismatch', 'wrong bytes'));
    this.blobs.set(digest, body);
    send(response, 200, {});
  }
}

function firstStatus(kind: string): unknown {
  if (kind === 'Package') return { versions: [] };
  if (kind === 'Distribution') return { points: [] };
  return {};
}

function problem(status: number, code: string, detail: string): Record<string, unknown> {
  return { type: 'about:blank', title: 'Refused', status, code, detail };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json' });
  response.end(text);
}

function writeEvent(response: ServerResponse, id: number | undefined, type: string, resource: object): void {
  response.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify(resource)}\n\n`);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
