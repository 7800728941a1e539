import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { REPOSITORY, run, SiteUnderTest, type Ended } from './site-under-test.js';

const CLI = join(REPOSITORY, 'apps', 'cli', 'muster.js');
const AGENT = join(REPOSITORY, 'dist', 'apps', 'agent', 'src', 'main.js');

/** One clear line with a stable code, no stack trace, and the documented exit code. */
function expectRefusal(ended: Ended, exitCode: number, code: string): void {
  expect([ended.code, ended.stderr]).toEqual([exitCode, expect.stringContaining(code)]);
  expect(ended.stderr + ended.stdout).not.toMatch(/\n\s+at .*:\d+:\d+|node:internal/);
}

describe('bad input', () => {
  let site: SiteUnderTest;
  const file = (name: string, text: string | Uint8Array) => {
    const path = join(site.folder, name);
    writeFileSync(path, text);
    return path;
  };
  const sequence = (name: string, spec: string, metadata = '') =>
    `apiVersion: muster/v1\nkind: TaskSequence\nmetadata: {name: ${name}${metadata}}\nspec:\n${spec}\n`;
  const everything = async () =>
    Promise.all(
      ['task-sequences', 'packages', 'collections', 'deployments'].map(async (kind) =>
        (await site.rest(`/api/v1/${kind}`)).json(),
      ),
    );

  beforeAll(async () => {
    site = await SiteUnderTest.withDatabase();
    await site.up();
    await site.ok(
      'apply',
      '-f',
      file('good.yaml', sequence('good', '  steps: [{step: a, type: RunCommandLine, settings: {command: "true"}}]')),
    );
    await site.ok(
      'apply',
      '-f',
      file('package.yaml', 'apiVersion: muster/v1\nkind: Package\nmetadata: {name: tool}\nspec: {}\n'),
    );
  });

  afterAll(async () => {
    await site?.remove();
  });

  describe('in a document is refused with its place and code, and changes nothing:', () => {
    const bad: [string, () => string, number, string, string][] = [
      [
        'an unknown kind',
        () => 'apiVersion: muster/v1\nkind: TaskSequense\nmetadata: {name: bad}\nspec: {}\n',
        3,
        '',
        'TaskSequense',
      ],
      ['an unknown field', () => sequence('bad', '  stepz: []\n  steps: []'), 3, 'document.', 'stepz'],
      ['a wrong type', () => sequence('bad', '  steps: all'), 3, 'document.', 'steps'],
      [
        'an unknown step type',
        () => sequence('bad', '  steps: [{step: a, type: RunComandLine}]'),
        3,
        'sequence.',
        'RunComandLine',
      ],
      [
        'a missing package',
        () => sequence('bad', '  steps: [{step: a, type: InstallPackage, settings: {package: nothing, program: p}}]'),
        3,
        'sequence.',
        'nothing',
      ],
      [
        'a missing sequence and collection',
        () =>
          'apiVersion: muster/v1\nkind: Deployment\nmetadata: {name: bad}\nspec: {sequence: nothing, collection: all-devices, purpose: Required}\n',
        3,
        'deployment.missing-reference',
        'nothing',
      ],
      [
        'a missing device',
        () => 'apiVersion: muster/v1\nkind: Collection\nmetadata: {name: bad}\nspec: {rules: [{device: nothing}]}\n',
        3,
        'deployment.missing-reference',
        'nothing',
      ],
      [
        'a stale resourceVersion',
        () => sequence('good', '  steps: []', ', resourceVersion: "1000000"'),
        5,
        'resource.stale-version',
        'good',
      ],
      ['a name that is no name', () => sequence('Bad_Name', '  steps: []'), 3, 'document.', 'name'],
      ['broken YAML', () => 'apiVersion: [muster/v1\n', 3, '', ':'],
    ];
    it.each(bad)('%s', async (_what, text, exitCode, code, mentions) => {
      const before = await everything();
      const path = file('bad.yaml', text());
      const ended = await site.muster('apply', '-f', path);
      expect(ended.stderr + ended.stdout).toContain(mentions);
      expect(ended.stderr).toContain('bad.yaml');
      expectRefusal(ended, exitCode, code);
      expect(await everything()).toEqual(before);
    });

    it('invalid UTF-8', async () => {
      const ended = await site.muster(
        'apply',
        '-f',
        file('bytes.yaml', new Uint8Array([0x61, 0x3a, 0x20, 0xff, 0xfe])),
      );
      expect(ended.code).not.toBe(0);
      expect(ended.stderr).toMatch(/UTF-8/);
    });
  });

  describe('at the API is refused with status and code, and changes nothing:', () => {
    const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
      site.rest(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
    const upload = (path: string) => ({ files: [{ path, digest: `sha256:${'0'.repeat(64)}`, size: 1 }] });
    const good = () => ({
      apiVersion: 'muster/v1',
      kind: 'TaskSequence',
      metadata: { name: 'good' },
      spec: { steps: [] },
    });
    const bad: [string, () => Promise<Response>, number, string][] = [
      ['a duplicate name', () => post('/api/v1/task-sequences', good()), 409, 'resource.name-taken'],
      [
        'a body over the limit',
        () => post('/api/v1/task-sequences', `{"a":"${'x'.repeat(5_000_000)}"}`),
        413,
        'request.too-large',
      ],
      [
        'a wrong token',
        () => post('/api/v1/task-sequences', good(), { authorization: 'Bearer muster_nothing' }),
        401,
        'auth.unknown-token',
      ],
      ['no token', () => post('/api/v1/task-sequences', good(), { authorization: '' }), 401, 'auth.missing'],
      [
        'a text with a NUL in a name for people',
        () => post('/api/v1/task-sequences', { ...good(), metadata: { name: 'nul', displayName: 'a\0b' } }),
        400,
        'document.invalid',
      ],
      [
        'half of a surrogate pair in a comment',
        () => post('/api/v1/runs/-/stop', '{"device": "web-1", "reason": "a\\ud800"}'),
        400,
        'document.invalid',
      ],
      ['a NUL in a question about events', () => site.rest('/api/v1/events?deployment=%00'), 400, 'document.invalid'],
      ['a NUL in a question about the audit', () => site.rest('/api/v1/audit?actor=%00'), 400, 'document.invalid'],
      ['a NUL in a selector', () => site.rest('/api/v1/devices?labelSelector=a%3D%00'), 400, 'document.invalid'],
      [
        'a package path that climbs out',
        () => post('/api/v1/packages/tool/versions', upload('../../etc/passwd')),
        400,
        'content.bad-path',
      ],
      [
        'an absolute package path',
        () => post('/api/v1/packages/tool/versions', upload('/etc/passwd')),
        400,
        'content.bad-path',
      ],
      [
        'an enrolment token of nowhere',
        () =>
          post(
            '/api/v1/agent/enrolments',
            {
              token: `mse_${'a'.repeat(43)}.${'b'.repeat(43)}`,
              name: 'x',
              publicKey: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) },
              proof: 'x',
              facts: {},
            },
            { authorization: '' },
          ),
        401,
        'enrolment.other-site',
      ],
      [
        'an agent route without a session',
        () => site.rest('/api/v1/agent/policy', { headers: { authorization: '' } }),
        401,
        '',
      ],
      ['an API token on an agent route', () => site.rest('/api/v1/agent/policy'), 401, ''],
      ['an address that is none', () => site.rest('/api/v1/nothing'), 404, 'edge.no-route'],
    ];
    it.each(bad)('%s', async (_what, ask, status, code) => {
      const before = await everything();
      const answer = await ask();
      const problem = (await answer.json()) as { code: string; detail: string };
      expect([answer.status, problem.code]).toEqual([status, expect.stringContaining(code)]);
      expect(problem.detail.length).toBeGreaterThan(10);
      expect(await everything()).toEqual(before);
    });

    it.each([
      ['DeviceService', 'Get', { name: 'a\0b' }],
      ['DeviceService', 'List', { labelSelector: 'a=\0' }],
      ['EventService', 'List', { deployment: '\0' }],
      ['CollectionService', 'Apply', { resource: { metadata: { name: 'nul', displayName: '\0' } } }],
    ])('a NUL over gRPC: %s.%s', async (service, method, request) => {
      const client = grpcClient('deployment', service, `127.0.0.1:${site.port}`, site.token);
      await expect(client.call(method, request)).rejects.toMatchObject({ code: 3 });
      client.close();
    });

    it('a wrong token over gRPC', async () => {
      const client = grpcClient('deployment', 'DeviceService', `127.0.0.1:${site.port}`, 'muster_nothing');
      await expect(client.call('List', {})).rejects.toMatchObject({ code: 16 });
      client.close();
    });
  });

  describe('in starting a site ends with one line and a code, and leaves things as they were:', () => {
    const up = (...flags: string[]) => run(CLI, ['up', ...flags], site.environment);

    it('a port in use', async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { port: number };
      const ended = await up('--data', join(site.folder, 'other'), '--port', String(port));
      server.close();
      expectRefusal(ended, 2, 'up.port-in-use');
      expect(ended.stderr).toContain(String(port));
    });

    it('a data folder that another muster up uses', async () => {
      expectRefusal(await up('--data', site.data), 5, 'up.already-running');
    });

    it('a data folder of another version', async () => {
      const data = mkdtempSync(join(site.folder, 'version-'));
      writeFileSync(
        join(data, 'site.json'),
        JSON.stringify({ layoutVersion: 999, siteCode: 'S01', createdAt: '', ports: {} }),
      );
      expectRefusal(await up('--data', data), 2, 'up.layout-version');
      expect(readFileSync(join(data, 'site.json'), 'utf8')).toContain('999');
    });

    it('a data folder that cannot be written', async () => {
      expectRefusal(await up('--data', '/proc/muster'), 2, 'up.not-writable');
    });
  });

  describe('in an agent ends with one line and a code:', () => {
    it('a state folder of another version', async () => {
      const state = mkdtempSync(join(site.folder, 'agent-'));
      writeFileSync(join(state, 'agent.json'), JSON.stringify({ layoutVersion: 999 }));
      expectRefusal(await run(AGENT, ['daemon', '--state', state], site.environment), 2, 'agent.layout-version');
    });

    it('a state folder that cannot be written', async () => {
      const token = (await site.ok('enrolment-token', 'create')).trim();
      const ended = await run(
        AGENT,
        ['enrol', '--server', site.url, '--token', token, '--state', '/proc/muster'],
        site.environment,
      );
      expectRefusal(ended, 2, 'agent.not-writable');
    });

    it('an enrolment token that was used', async () => {
      const token = (await site.ok('enrolment-token', 'create')).trim();
      const enrol = (state: string) =>
        run(
          AGENT,
          ['enrol', '--server', site.url, '--token', token, '--state', join(site.folder, state)],
          site.environment,
        );
      expect((await enrol('first')).code).toBe(0);
      const second = await enrol('second');
      expectRefusal(second, second.code === 0 ? -1 : (second.code ?? -1), 'enrolment.used-token');
    });

    it('an enrolment token of another site', async () => {
      const token = (await site.ok('enrolment-token', 'create')).trim();
      const forged = token.replace(/\.[^.]+$/, `.${'x'.repeat(43)}`);
      const ended = await run(
        AGENT,
        ['enrol', '--server', site.url, '--token', forged, '--state', join(site.folder, 'forged')],
        site.environment,
      );
      expect(ended.code).not.toBe(0);
      expect(ended.stderr).toMatch(/enrolment\./);
    });
  });
});
