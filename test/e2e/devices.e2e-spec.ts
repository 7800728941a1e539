import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { AuditEntry } from '@muster/contracts/kinds/audit.js';
import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { Resource } from '@muster/contracts/resource.js';
import { until } from '@muster/testing/until.js';
import { REPOSITORY, run, SiteUnderTest } from './site-under-test.js';

const AGENT = join(REPOSITORY, 'dist', 'apps', 'agent', 'src', 'main.js');
/** This computer knows itself by it; in a container its firmware is not its own. */
const MAC = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ internal, mac }) => !internal && !/^[0:]*$/.test(mac))?.mac;

const documents = (folder: string) => `
apiVersion: muster/v1
kind: Collection
metadata: {name: desks}
spec: {rules: []}
---
apiVersion: muster/v1
kind: TaskSequence
metadata: {name: two-steps}
spec:
  steps:
    - step: First
      type: RunCommandLine
      settings: {shell: true, command: "echo %Ring% >> ${folder}/first; while [ ! -e ${folder}/go ]; do sleep 0.05; done"}
    - step: Second
      type: RunCommandLine
      settings: {shell: true, command: "echo %Ring% >> ${folder}/second"}
`;

describe('the life of a device on a whole site', () => {
  let site: SiteUnderTest;
  let agent: ChildProcess | undefined;
  const state = () => join(site.folder, 'agent');
  const agentSays = async (...args: string[]) =>
    (await run(AGENT, [...args, '--state', state()], site.environment)).stdout;
  const device = async (name: string) =>
    JSON.parse(await site.ok('get', 'device', name, '-o', 'json')) as Resource<DeviceSpec, DeviceStatus>;
  const lines = (file: string) => {
    const path = join(site.folder, file);
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  };

  beforeAll(async () => {
    site = await SiteUnderTest.withDatabase();
    await site.up();
    writeFileSync(join(site.folder, 'site.yaml'), documents(site.folder));
    await site.ok('apply', '-f', join(site.folder, 'site.yaml'));
  });

  afterAll(async () => {
    agent?.kill('SIGKILL');
    await site?.remove();
  });

  it('begins in a list: every wrong line is told before anything is written', async () => {
    const list = join(site.folder, 'desks.csv');
    const good = `name,mac,variable:Ring,label:room\ndesk-1,${MAC},pilot,b-204\ndesk-2,00-1A-2B-3C-4D-5E,broad,\n`;
    writeFileSync(list, `${good}desk_3,,,\ndesk-4,001a2b3c4d5e,,\n`);
    const refused = await site.muster('device', 'import', list);
    expect([refused.code, refused.stderr]).toEqual([
      3,
      expect.stringMatching(/csv:4: name: .*\n.*csv:5: mac .* line 3 already\n/),
    ]);
    expect(await site.ok('get', 'devices', '-o', 'name')).not.toContain('desk-');
    writeFileSync(list, good);
    expect(await site.ok('device', 'import', list, '--dry-run=server')).toContain('2 devices created');
    expect(await site.ok('device', 'import', list, '--collection', 'desks')).toBe(
      '2 devices created, 0 changed, 0 unchanged\ncollection/desks has 2 devices more by direct rules\n',
    );
    expect(await site.ok('device', 'import', list)).toBe('0 devices created, 0 changed, 2 unchanged\n');
  });

  it('goes on with a computer that enrols under another name, and gets nothing while it waits', async () => {
    const { stdout: token, stderr } = await site.muster('enrolment-token', 'create', '--approval', 'manual');
    expect(stderr).toContain('they wait for their approval then');
    const enrolled = await run(AGENT, ['enrol', '--server', site.url, '--name', 'anything', '--state', state()], {
      ...site.environment,
      MUSTER_ENROLMENT_TOKEN: token.trim(),
    });
    expect(enrolled.stdout).toContain('it waits for its approval there');
    await site.ok(
      'deploy',
      'two-steps',
      '--to',
      'desks',
      '--name',
      'two-steps',
      '--rerun',
      'IfFailed',
      '--comment',
      'A',
    );
    agent = spawn(process.execPath, [AGENT, 'daemon', '--state', state()], { env: site.environment, stdio: 'ignore' });
    await until(async () => (await agentSays('status')).includes('waits for its approval'), 60_000);
    expect((await device('anything')).status.access?.state).toBe('pending');
    expect((await device('desk-1')).status.enrolled).toBe(false);
  });

  it('runs what is deployed to the record that waited for it, with its variables, once it is approved', async () => {
    expect(await site.ok('device', 'approve', 'anything')).toBe('device/anything approved; it is device/desk-1 now\n');
    await until(() => lines('first').length === 1, 90_000);
    expect(lines('first')).toEqual(['pilot']);
    expect(await device('desk-1')).toMatchObject({
      metadata: { labels: { room: 'b-204' } },
      status: { enrolled: true, access: { state: 'approved' } },
    });
  });

  it('ends its run behind the step at hand when it is blocked, and says why nothing starts', async () => {
    expect(await site.ok('device', 'block', 'desk-1', '--reason', 'stolen')).toBe('device/desk-1 blocked\n');
    await until(async () => (await agentSays('list')).includes('the site has blocked this computer'), 60_000);
    expect(await site.ok('explain', '--device', 'desk-1')).toMatch(
      /! session\.device-blocked: .*\n(?:.*\n)* {2}. two-steps .*; nothing starts there \(session\.device-blocked\)/,
    );
    writeFileSync(join(site.folder, 'go'), '');
    await until(async () => /ended +two-steps, .*failed/.test(await agentSays('status')), 60_000);
    expect(lines('second')).toEqual([]);
    expect((await device('desk-1')).status.access).toMatchObject({ state: 'blocked', reason: 'stolen' });
  });

  it('runs again when it is unblocked, and its reports arrive', async () => {
    expect(await site.ok('device', 'unblock', 'desk-1')).toBe('device/desk-1 unblocked\n');
    await site.ok('deploy', 'two-steps', '--to', 'desks', '--name', 'once-more', '--like', 'two-steps');
    const { spec } = JSON.parse(await site.ok('get', 'deployment', 'once-more', '-o', 'json')) as { spec: object };
    expect(spec).toEqual({ sequence: 'two-steps', collection: 'desks', purpose: 'Required', rerun: 'IfFailed' });
    await until(() => lines('second').length === 1, 90_000);
    await until(async () => {
      const runs = await site.ok('get', 'runs');
      return /two-steps .*failed/.test(runs) && /once-more .*succeeded/.test(runs);
    }, 60_000);
    expect(await site.ok('device', 'retrieve-policy', 'desk-1', '--collection', 'desks')).toBe(
      'device/desk-1 is called to come for its policy\nthe devices of collection/desks are called to come for their policy\n',
    );
    expect(await site.muster('device', 'retrieve-policy')).toMatchObject({ code: 2 });
  });

  it('is online while its agent holds a connection, and tells its inventory at once when it is called to', async () => {
    await until(
      async () => (await site.ok('device', 'list', '--online', '-o', 'name')).includes('device/desk-1'),
      90_000,
    );
    expect(await site.ok('device', 'list')).toMatch(/desk-1 .*approved +online /);
    expect(await site.ok('device', 'summary')).toMatch(/^of \d+ in use 1 are online/m);
    const told = async () => Date.parse((await device('desk-1')).status.factsAt ?? '');
    const before = await told();
    expect(await site.ok('device', 'notify', 'inventory', 'desk-1')).toBe('device/desk-1 hears it now: inventory\n');
    await until(async () => (await told()) > before, 30_000);
    const [deed] = JSON.parse(await site.ok('audit', '--name', 'desk-1', '--limit', '1', '-o', 'json')) as AuditEntry[];
    expect(deed).toMatchObject({
      action: 'called',
      site: expect.stringMatching(/^[A-Z0-9]{3}$/),
      details: { what: 'inventory', devices: 1, connected: 1 },
    });
  });

  it('follows the site to another signing key, of which it hears after the next one, and runs what that one signs', async () => {
    const signs = () =>
      JSON.parse(readFileSync(join(state(), 'agent.json'), 'utf8')) as {
        signingKey: { x: string };
        formerSigningKeys?: { x: string }[];
      };
    const first = signs().signingKey;
    agent?.kill('SIGKILL');
    for (let times = 0; times < 2; times += 1) {
      await site.interrupt();
      await site.up('--renew-site-key');
    }
    agent = spawn(process.execPath, [AGENT, 'daemon', '--state', state()], { env: site.environment, stdio: 'ignore' });
    await until(() => signs().formerSigningKeys !== undefined, 60_000);
    expect(signs().formerSigningKeys).toEqual([first]);
    await site.ok('deploy', 'two-steps', '--to', 'desks', '--name', 'by-another-key');
    await until(() => lines('second').length === 2, 90_000);
    expect(await site.ok('audit', '--kind', 'Site')).toMatch(/renewed/);
  });
});
