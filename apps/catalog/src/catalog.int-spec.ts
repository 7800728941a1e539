import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { resolveContent } from '@muster/contracts/requests/resolve-content.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { loadConfig } from '@muster/platform/config.js';
import { fromMessage, type ResourceMessage } from '@muster/service/resources/grpc.js';
import { startService } from '@muster/service/start-service.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { pino } from 'pino';
import { catalogService } from './catalog.service-definition.js';

/** The parts of any answer that these tests look at. */
interface AnyAnswer {
  code?: string;
  detail?: string;
  findings?: { path: string; code: string; message: string }[];
  metadata: { name: string; resourceVersion: string; continue?: string };
  status: { digest: string };
  items: { metadata: { name: string } }[];
}

describe('the catalog service', () => {
  let servers: TestServers;
  let app: NestFastifyApplication;
  let stopped: Promise<void> | undefined;
  let content: Bus;
  /** While it is open, questions about the package "slow" wait. */
  const slowQuestion = Promise.withResolvers<void>();
  const slowAnswer = Promise.withResolvers<void>();
  let base: string;
  let grpcAddress: string;
  let token: string;

  beforeAll(async () => {
    servers = await startServers();
    const environment = servers.environment('catalog');
    const config = loadConfig(catalogService.config, environment);
    app = await startService(catalogService, config, pino({ level: 'silent' }));
    base = `http://127.0.0.1:${config.MUSTER_HTTP_PORT}`;
    grpcAddress = `127.0.0.1:${config.MUSTER_GRPC_PORT}`;
    token = await servers.addToken('catalog');
    const contentEnvironment = servers.environment('content');
    content = await Bus.connect({
      url: config.MUSTER_NATS_URL,
      user: contentEnvironment['MUSTER_NATS_USER'],
      password: contentEnvironment['MUSTER_NATS_PASSWORD'],
      site: 'S01',
      service: 'content',
    });
    content.answer(
      resolveContent,
      async ({ contents = [] }) => {
        if (contents.some(({ name }) => name === 'slow')) {
          slowQuestion.resolve();
          await slowAnswer.promise;
        }
        return {
          packages: [],
          contents: contents.map((one) => ({ ...one, exists: one.name !== 'nothing', distributed: null })),
        };
      },
      (error) => {
        throw error;
      },
    );
  });

  afterAll(async () => {
    await (stopped ?? app?.close());
    await content?.close();
    await servers?.stop();
  });

  const sql = async <Row extends object>(text: string): Promise<Row[]> => {
    const database = new Database({
      url: servers.environment('catalog')['MUSTER_DATABASE_URL'] ?? '',
      schema: 'catalog',
    });
    try {
      return await database.query<Row>(text);
    } finally {
      await database.close();
    }
  };
  const sequence = (name: string, steps: unknown[] = [runs('true')], more: object = {}) => ({
    apiVersion: 'muster/v1',
    kind: 'TaskSequence',
    metadata: { name, ...more },
    spec: { steps },
  });
  const runs = (command: string) => ({ step: `run ${command}`, type: 'RunCommandLine', settings: { command } });
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: (text === '' ? {} : JSON.parse(text)) as AnyAnswer,
      headers: response.headers,
    };
  };
  const put = (document: { metadata: { name: string } }, headers = {}, query = '') =>
    call('PUT', `/api/v1/task-sequences/${document.metadata.name}${query}`, document, headers);

  it('keeps a revision for every change of a specification, and none for applying the same again', async () => {
    const first = await put(sequence('revised'));
    const again = await put(sequence('revised'));
    const changed = await put(sequence('revised', [runs('false')]));
    expect([first.status, again.status, changed.status]).toEqual([201, 200, 200]);
    expect(again.body).toEqual(first.body);
    expect(changed.body).toMatchObject({ metadata: { generation: 2 }, status: { revision: 2 } });
    expect(changed.body.status.digest).not.toEqual(first.body.status.digest);
  });

  it('refuses a stale resourceVersion by If-Match and by document, and shows the current object', async () => {
    const first = await put(sequence('locked'));
    await put(sequence('locked', [runs('false')]));
    const byHeader = await put(sequence('locked', [runs('id')]), { 'if-match': first.headers.get('etag') ?? '' });
    const byDocument = await put(
      sequence('locked', [runs('id')], { resourceVersion: first.body.metadata.resourceVersion }),
    );
    for (const refused of [byHeader, byDocument]) {
      expect(refused).toMatchObject({
        status: 409,
        body: { code: 'resource.stale-version', current: { metadata: { name: 'locked' } } },
      });
    }
    expect((await call('GET', '/api/v1/task-sequences/locked')).body).toMatchObject({ status: { revision: 2 } });
  });

  it('changes nothing in a dry run, and says what it would have done', async () => {
    const dry = await put(sequence('dry'), {}, '?dryRun=true');
    expect(dry).toMatchObject({ status: 201, body: { metadata: { name: 'dry' }, status: { revision: 1 } } });
    expect((await call('GET', '/api/v1/task-sequences/dry')).status).toBe(404);
  });

  it('answers a repeated create with the same Idempotency-Key with the same object, and refuses the key for another request', async () => {
    const headers = { 'idempotency-key': 'create-once' };
    const [one, two] = await Promise.all([
      call('POST', '/api/v1/task-sequences', sequence('once'), headers),
      call('POST', '/api/v1/task-sequences', sequence('once'), headers),
    ]);
    expect(one.status).toBe(201);
    expect(two.body).toEqual(one.body);
    const other = await call('POST', '/api/v1/task-sequences', sequence('twice'), headers);
    expect(other).toMatchObject({ status: 409, body: { code: 'request.idempotency-key-reused' } });
  });

  it('pages in the order of names and ends', async () => {
    for (const name of ['page-a', 'page-b', 'page-c'])
      await put(sequence(name, [runs('true')], { labels: { paged: 'yes' } }));
    const names: string[] = [];
    let next: string | undefined;
    do {
      const page = await call(
        'GET',
        `/api/v1/task-sequences?limit=2&labelSelector=paged=yes${next ? `&continue=${next}` : ''}`,
      );
      names.push(...page.body.items.map(({ metadata }) => metadata.name));
      next = page.body.metadata.continue;
    } while (next);
    expect(names).toEqual(['page-a', 'page-b', 'page-c']);
  });

  it('says over gRPC the same document as over REST', async () => {
    await put(
      sequence('same', [{ group: 'G', continueOnError: true, steps: [runs('a b')] }], {
        labels: { a: 'b' },
        displayName: 'Same',
      }),
    );
    const rest = (await call('GET', '/api/v1/task-sequences/same')).body;
    const client = grpcClient('catalog', 'TaskSequenceService', grpcAddress, token);
    const message = await client.call<ResourceMessage>('Get', { name: 'same' });
    client.close();
    expect(fromMessage(message)).toEqual(rest);
    expect(taskSequence.resource.parse(rest)).toEqual(rest);
  });

  it('refuses over gRPC what it refuses over REST, with the same code', async () => {
    const client = grpcClient('catalog', 'TaskSequenceService', grpcAddress, token);
    const error = await client.call('Get', { name: 'missing' }).catch((refused: unknown) => refused);
    client.close();
    const stranger = grpcClient('catalog', 'TaskSequenceService', grpcAddress, undefined);
    const unauthenticated = await stranger.call('List', {}).catch((refused: unknown) => refused);
    stranger.close();
    expect(error).toMatchObject({ code: 5, details: 'There is no TaskSequence "missing"' });
    expect((error as { metadata: { get(key: string): unknown[] } }).metadata.get('muster-code')).toEqual([
      'resource.not-found',
    ]);
    expect(unauthenticated).toMatchObject({ code: 16 });
  });

  describe('child sequences', () => {
    const child = (name: string, more = {}) => ({ sequence: name, ...more });
    const saves = async (name: string, ...steps: unknown[]) => {
      const answer = await put(sequence(name, steps));
      expect([answer.body.detail, answer.status < 300]).toEqual([undefined, true]);
    };

    it('are refused when they lead back, at any depth, with the way', async () => {
      await saves('way-c', runs('true'));
      await saves('way-b', { group: 'G', steps: [child('way-c'), child('way-c')] });
      await saves('way-a', child('way-b'));
      const refused = await put(sequence('way-c', [runs('true'), child('way-a')]));
      expect(refused).toMatchObject({
        status: 400,
        body: { code: 'sequence.cycle', findings: [{ path: '/spec/steps/1', code: 'sequence.cycle' }] },
      });
      expect(refused.body.findings?.[0]?.message).toContain('way-c > way-a > way-b > way-c');
      const itself = await put(sequence('way-c', [child('way-c')]));
      expect(itself.body).toMatchObject({ code: 'sequence.cycle', findings: [{ path: '/spec/steps/0' }] });
      expect((await call('GET', '/api/v1/task-sequences/way-c')).body).toMatchObject({ status: { revision: 1 } });
    });

    it('may lead back behind disabled nodes, and once a way is cut the other direction is free', async () => {
      await saves('cut-b', runs('true'));
      await saves('cut-a', child('cut-b'));
      await saves('cut-b', child('cut-a', { disabled: true }), { group: 'G', disabled: true, steps: [child('cut-a')] });
      await saves('cut-a', runs('true'));
      await saves('cut-b', child('cut-a'));
      expect((await put(sequence('cut-a', [child('cut-b')]))).body.code).toBe('sequence.cycle');
    });

    it('must exist, like packages, and all that is wrong is told at once', async () => {
      const install = { step: 'x', type: 'InstallPackage', settings: { package: 'nothing', program: 'p' } };
      const steps = [install, child('nobody'), child('Not a name'), child('nobody', { disabled: true })];
      const refused = await put(sequence('orphan', steps), {}, '?dryRun=true');
      expect(refused).toMatchObject({ status: 400, body: { code: 'sequence.unresolved-reference' } });
      expect(refused.body.findings?.map(({ path, message }) => `${path} ${message}`).sort()).toEqual([
        '/spec/steps/0 there is no Package "nothing"',
        '/spec/steps/1 there is no TaskSequence "nobody"',
        '/spec/steps/2 there is no TaskSequence "Not a name"',
      ]);
    });
  });

  it('does not delete while nobody can say whether a deployment uses it, unless forced', async () => {
    await put(sequence('unasked'));
    const refused = await call('DELETE', '/api/v1/task-sequences/unasked');
    expect([refused.status, refused.body.code]).toEqual([503, 'bus.no-answer']);
    expect((await call('DELETE', '/api/v1/task-sequences/unasked?force=true')).status).toBe(200);
  });

  it('streams first what there is and then what happens', async () => {
    await put(sequence('watched'));
    const abort = new AbortController();
    const response = await fetch(`${base}/api/v1/task-sequences?watch=true&name=watched`, {
      headers: { authorization: `Bearer ${token}` },
      signal: abort.signal,
    });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const readUntil = async (word: string) => {
      while (!text.includes(word)) text += (await reader.read()).value ?? '';
    };
    await readUntil('event: existing');
    await put(sequence('watched', [runs('false')]));
    await readUntil('event: saved');
    await call('DELETE', '/api/v1/task-sequences/watched?force=true');
    await readUntil('event: deleted');
    abort.abort();
    expect(text.match(/^event: \w+$/gm)).toEqual([
      'event: existing',
      'event: listed',
      'event: saved',
      'event: deleted',
    ]);
  });

  it('lists and streams over gRPC too', async () => {
    await put(sequence('streamed', [runs('true')], { labels: { over: 'grpc' } }));
    const client = grpcClient('catalog', 'TaskSequenceService', grpcAddress, token);
    const { items } = await client.call<{ items: ResourceMessage[] }>('List', { labelSelector: 'over=grpc' });
    expect(items.map((one) => one.metadata?.name)).toEqual(['streamed']);
    const seen: string[] = [];
    for await (const { type, resource } of client.stream<{ type: string; resource: ResourceMessage }>('Watch', {
      name: 'streamed',
    })) {
      seen.push(`${type} ${resource.metadata?.name}`);
      if (seen.length === 1) await put(sequence('streamed', [runs('false')]));
      if (seen.length === 2) await call('DELETE', '/api/v1/task-sequences/streamed?force=true');
      if (seen.length === 3) break;
    }
    client.close();
    expect(seen).toEqual(['existing streamed', 'saved streamed', 'deleted streamed']);
  });

  it('goes on where a watch broke, and says so when that is too long ago', async () => {
    const watch = (id: string) =>
      fetch(`${base}/api/v1/task-sequences?watch=true`, {
        headers: { authorization: `Bearer ${token}`, 'last-event-id': id },
      });
    const created = await put(sequence('resumed'));
    const [row] = await sql<{ position: number }>('select max(position)::int - 1 as position from outbox');
    const response = await watch(String(row?.position));
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('event: saved')) text += (await reader.read()).value ?? '';
    await reader.cancel();
    expect(text).toContain(created.body.metadata.resourceVersion);
    expect(text).not.toContain('event: existing');
    const ahead = await watch('1000000');
    expect([ahead.status, await ahead.json()]).toEqual([
      409,
      expect.objectContaining({ code: 'request.watch-too-old' }),
    ]);
  });

  describe('given bad input, answers with a stable code and changes nothing:', () => {
    const bad: [string, () => Promise<{ status: number; body: AnyAnswer }>, number, string][] = [
      ['no token', () => call('GET', '/api/v1/task-sequences', undefined, { authorization: '' }), 401, 'auth.missing'],
      [
        'a wrong token',
        () => call('GET', '/api/v1/task-sequences', undefined, { authorization: 'Bearer muster_wrong' }),
        401,
        'auth.unknown-token',
      ],
      ['an unknown address', () => call('GET', '/api/v1/task-sequence'), 404, 'request.no-route'],
      ['a wrong kind', () => put({ ...sequence('bad'), kind: 'Package' } as never), 400, 'document.invalid'],
      ['an unknown field', () => put({ ...sequence('bad'), extra: 1 } as never), 400, 'document.invalid'],
      ['a wrong type', () => put({ ...sequence('bad'), spec: { steps: 'all' } } as never), 400, 'document.invalid'],
      [
        'an unknown step type',
        () => put(sequence('bad', [{ step: 'x', type: 'RunComandLine' }])),
        400,
        'document.invalid',
      ],
      [
        'a missing reference',
        () =>
          put(sequence('bad', [{ step: 'x', type: 'InstallPackage', settings: { package: 'nothing', program: 'p' } }])),
        400,
        'sequence.unresolved-reference',
      ],
      [
        'another name in the address',
        () => call('PUT', '/api/v1/task-sequences/other', sequence('bad')),
        400,
        'resource.name-mismatch',
      ],
      [
        'a name that is no DNS label',
        () => call('POST', '/api/v1/task-sequences', sequence('../bad')),
        400,
        'document.invalid',
      ],
      ['broken JSON', () => call('PUT', '/api/v1/task-sequences/bad', '{"a'), 400, 'request.malformed-json'],
      [
        'invalid UTF-8',
        () => call('PUT', '/api/v1/task-sequences/bad', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])),
        400,
        'request.invalid-utf8',
      ],
      [
        'a body over the limit',
        () => call('PUT', '/api/v1/task-sequences/bad', `"${'x'.repeat(4_200_000)}"`),
        413,
        'request.too-large',
      ],
      [
        'a wrong media type',
        () => call('PUT', '/api/v1/task-sequences/bad', 'a: 1', { 'content-type': 'application/yaml' }),
        400,
        'request.media-type',
      ],
      ['an unknown query parameter', () => call('GET', '/api/v1/task-sequences?limitt=1'), 400, 'document.invalid'],
      [
        'a made-up continue token',
        () => call('GET', '/api/v1/task-sequences?continue=%25'),
        400,
        'request.bad-continue',
      ],
    ];
    it.each(bad)('%s', async (_what, ask, status, code) => {
      const answer = await ask();
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(answer.body.detail).toBeTruthy();
      expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\.js:\d/);
      expect((await call('GET', '/api/v1/task-sequences/bad')).status).toBe(404);
    });

    it('every finding at once: what the schema, and what only the site knows to be wrong', async () => {
      const missing = (at: object) => ({ step: 'x', type: 'InstallPackage', settings: { package: 'nothing', ...at } });
      const steps = [missing({ program: 'p' }), missing({}), { sequence: 'gone', enabled: false }, { stepp: 's' }];
      const wrong = {
        ...sequence('bad', steps),
        metadata: { name: 'bad', labels: { '?': 'x' } },
      };
      const expected = [
        'document.invalid-value /metadata/labels/?',
        'sequence.missing-field /spec/steps/1/settings/program',
        'sequence.unknown-field /spec/steps/2/enabled',
        'sequence.unknown-node /spec/steps/3',
        'sequence.missing-field /spec/steps/3/type',
        'sequence.unresolved-reference /spec/steps/2',
        'sequence.unresolved-reference /spec/steps/0',
        'sequence.unresolved-reference /spec/steps/1',
      ];
      for (const answer of [await put(wrong), await call('POST', '/api/v1/task-sequences', wrong)]) {
        expect([answer.status, answer.body.code]).toEqual([400, 'document.invalid']);
        expect(answer.body.findings?.map(({ code, path }) => `${code} ${path}`)).toEqual(expected);
        for (const finding of answer.body.findings ?? [])
          expect(finding).toMatchObject({ severity: 'error', fix: expect.any(String), message: expect.any(String) });
      }
      const query = await call(
        'PUT',
        '/api/v1/task-sequences/bad?dryRn=true',
        sequence('bad', [missing({ program: 'p' })]),
      );
      expect(query.body.findings?.map(({ path }) => path)).toEqual(['/dryRn']);
    });

    it('a name that exists', async () => {
      await put(sequence('taken'));
      const again = await call('POST', '/api/v1/task-sequences', sequence('taken', [runs('false')]));
      expect(again).toMatchObject({ status: 409, body: { code: 'resource.name-taken' } });
      expect((await call('GET', '/api/v1/task-sequences/taken')).body).toMatchObject({ status: { revision: 1 } });
    });
  });

  it('asks for a token on every route but health', async () => {
    for (const path of [
      '/metrics',
      '/docs',
      '/docs/',
      '/openapi.json',
      '/api/v1/task-sequences',
      '/api/v1/task-sequences/x',
      '//livez',
      '/LIVEZ',
      '/nothing',
    ]) {
      expect([path, (await call('GET', path, undefined, { authorization: '' })).status]).toEqual([path, 401]);
    }
    for (const path of ['/livez', '/readyz']) {
      expect([path, (await call('GET', path, undefined, { authorization: '' })).status]).toEqual([path, 200]);
    }
  });

  it('finishes the requests in flight when it is told to stop, and takes no new ones', async () => {
    const inFlight = put(
      sequence('in-flight', [{ step: 'x', type: 'InstallPackage', settings: { package: 'slow', program: 'p' } }]),
    );
    await slowQuestion.promise;
    stopped = app.close();
    await until(() =>
      fetch(`${base}/livez`).then(
        () => false,
        () => true,
      ),
    );
    slowAnswer.resolve();
    expect(await inFlight).toMatchObject({ status: 201, body: { metadata: { name: 'in-flight' } } });
    await stopped;
  });
});
