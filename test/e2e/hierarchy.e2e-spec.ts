import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { busLinksSchema } from '@muster/contracts/hierarchy/joining.js';
import type { HierarchyConflict, HierarchyConflictList, SiteList } from '@muster/contracts/hierarchy/site-views.js';
import type { CollectionSpec, CollectionStatus } from '@muster/contracts/kinds/collection.js';
import type { Resource } from '@muster/contracts/resource.js';
import { siteLayout } from '@muster/localsite/layout.js';
import { freePort } from '@muster/testing/free-port.js';
import { TcpProxy } from '@muster/testing/tcp-proxy.js';
import { until } from '@muster/testing/until.js';
import type { z } from 'zod';
import { REPOSITORY, run, SiteUnderTest } from './site-under-test.js';

const AGENT = join(REPOSITORY, 'dist', 'apps', 'agent', 'src', 'main.js');

type Collection = Resource<CollectionSpec, CollectionStatus>;

/** What a user does with a hierarchy on one machine, through the CLI alone; only the cable between the sites is the test's. */
describe('a hierarchy on one machine', () => {
  let machine: SiteUnderTest;
  let cable: TcpProxy;
  let agent: ChildProcess | undefined;

  const at = (site: string, ...command: string[]) => machine.ok('--site', site, ...command);
  const json = async <T>(site: string, ...command: string[]) =>
    JSON.parse(await at(site, ...command, '-o', 'json')) as T;
  const links = async (site: string) =>
    (await json<SiteList>(site, 'hierarchy', 'status')).items.flatMap(({ code, link }) =>
      link ? [`${code} ${link.state}`] : [],
    );
  const description = async (site: string, name: string) => {
    const found = await machine.muster('--site', site, 'get', 'collections', name, '-o', 'json');
    return found.code === 0 ? (JSON.parse(found.stdout) as Collection).spec.description : undefined;
  };
  const applyKind = async (site: string, kind: string, name: string, spec: string) => {
    const file = join(machine.folder, `${site}-${name}.yaml`);
    writeFileSync(file, `apiVersion: muster/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`);
    await at(site, 'apply', '-f', file);
  };
  const apply = (site: string, name: string, text: string) =>
    applyKind(site, 'Collection', name, `{description: ${text}, rules: []}`);

  beforeAll(async () => {
    machine = await SiteUnderTest.create();
    await machine.up('--hierarchy', '1');
    // The bus of PR1 is told another way to that of CEN: a cable that can be cut.
    const { busLinks } = siteLayout(join(machine.data, 'PR1'));
    const told = JSON.parse(readFileSync(busLinks, 'utf8')) as z.infer<typeof busLinksSchema>;
    if (!told.parent) throw new Error('the bus of PR1 was told of no parent');
    cable = await TcpProxy.open(await freePort(), told.parent.port);
    writeFileSync(`${busLinks}.new`, JSON.stringify({ ...told, parent: { ...told.parent, port: cable.port } }));
    renameSync(`${busLinks}.new`, busLinks);
    await until(() => cable.carries > 0);
  });

  afterAll(async () => {
    agent?.kill('SIGKILL');
    await machine?.remove();
    await cable?.close();
  });

  it('is joined, and its links are active in every service', async () => {
    await until(async () => (await links('CEN')).join() === 'PR1 active');
    await until(async () => (await links('PR1')).join() === 'CEN active');
    expect(await at('PR1', 'hierarchy', 'sites')).toMatch(/CEN +central +- +parent +active/);
  });

  it('has at the primary what is made at the central site', async () => {
    await apply('CEN', 'lab', 'from central');
    await until(async () => (await description('PR1', 'lab')) === 'from central');
  });

  it('shows devices of all sites at the central one, where their variables are set too, and has the same empty folders', async () => {
    const file = join(machine.folder, 'laptop.yaml');
    writeFileSync(file, 'apiVersion: muster/v1\nkind: Device\nmetadata: {name: laptop}\nspec: {}\n');
    await at('PR1', 'apply', '-f', file);
    await at('CEN', 'folder', 'create', '/lab/empty');
    await until(async () =>
      /^laptop +PR1 +awaited/m.test((await machine.muster('--site', 'CEN', 'device', 'list')).stdout),
    );
    await at('CEN', 'variable', 'set', '--device', 'laptop', '--of', 'PR1', 'Ring=pilot');
    await until(async () => /^Ring +pilot$/m.test(await at('PR1', 'variable', 'list', '--device', 'laptop')));
    await until(async () => (await at('PR1', 'folder', 'list')).includes('/lab/empty'));
    await at('PR1', 'folder', 'delete', '/lab/empty');
    await until(async () => !(await at('CEN', 'folder', 'list')).includes('/lab/empty'));
  });

  it('lets both sides work with the link cut, and afterwards has one winner, and the other write to be restored', async () => {
    cable.cut();
    await apply('CEN', 'lab', 'central says');
    await apply('PR1', 'lab', 'primary says');
    expect(await description('CEN', 'lab')).toBe('central says');
    cable.heal();
    await until(async () => (await description('CEN', 'lab')) === 'primary says');
    let lost: HierarchyConflict | undefined;
    await until(async () => {
      [lost] = (await json<HierarchyConflictList>('PR1', 'hierarchy', 'conflicts', 'list')).items;
      return lost !== undefined;
    });
    const name = lost?.name ?? '';
    expect(name).toMatch(/^Collection\/lab\/CEN-/);
    expect(await at('PR1', 'hierarchy', 'conflicts', 'show', name)).toMatch(/^\+.*central says$/m);
    await at('PR1', 'hierarchy', 'conflicts', 'restore', name);
    for (const site of ['CEN', 'PR1']) await until(async () => (await description(site, 'lab')) === 'central says');
    await until(
      async () => (await json<HierarchyConflictList>('CEN', 'hierarchy', 'conflicts', 'list')).items.length === 0,
    );
    expect(await at('CEN', 'hierarchy', 'verify')).toContain('the sites have the same');
  });

  it('brings what was uploaded at the central site to a point of the primary one, once the link is there, and from there to a computer', async () => {
    const folder = join(machine.folder, 'tool');
    mkdirSync(folder);
    writeFileSync(join(folder, 'install.sh'), '#!/bin/sh\necho "from central" > "$1"\n', { mode: 0o755 });
    const proof = join(machine.folder, 'installed');
    const install = `{install: {command: ./install.sh, arguments: ['${proof}']}}`;
    await applyKind('CEN', 'Package', 'tool', `{programs: ${install}}`);
    await at('CEN', 'content', 'upload', 'tool', folder);
    const step = '{step: Install, type: InstallPackage, settings: {package: tool, program: install}}';
    await applyKind('CEN', 'TaskSequence', 'install-tool', `{steps: [${step}]}`);
    await applyKind('CEN', 'Collection', 'pilot', '{rules: [{allDevices: true}]}');
    await until(async () => (await at('PR1', 'content', 'versions', 'tool')).includes('site:CEN'));

    const { ports } = JSON.parse(readFileSync(join(machine.data, 'PR1', 'site.json'), 'utf8')) as {
      ports: { store: number };
    };
    const store = `http://127.0.0.1:${ports.store}`;
    await applyKind(
      'PR1',
      'DistributionPoint',
      'local',
      `{endpoint: "${store}", bucket: dp-local, credentials: local}`,
    );
    cable.cut();
    await at('PR1', 'content', 'distribute', 'tool', '--to', 'local', '--no-wait');
    await until(async () => (await at('PR1', 'content', 'status', 'tool')).includes('waits for site CEN'));
    cable.heal();
    expect(await at('PR1', 'content', 'distribute', 'tool', '--to', 'local')).toContain(
      'version 1 of package/tool is available on local',
    );
    // The same is said at the central site, taken back, and said again.
    await until(async () => /site PR1 +1 +1 of 1/.test(await at('CEN', 'content', 'status', 'tool')));
    await at('CEN', 'content', 'remove', 'tool', '--from', 'PR1/local');
    await until(async () => (await machine.muster('--site', 'PR1', 'get', 'distribution', 'tool')).code !== 0);
    expect(await at('CEN', 'content', 'distribute', 'tool', '--to', 'PR1/local')).toContain(
      'version 1 of package/tool is available at site PR1: 1 of 1 points',
    );

    const token = (await at('PR1', 'enrolment-token', 'create')).trim();
    const state = join(machine.folder, 'agent');
    const url = `http://127.0.0.1:${machine.port + 1}`;
    const enrolled = await run(AGENT, ['enrol', '--server', url, '--name', 'below', '--state', state], {
      ...machine.environment,
      MUSTER_ENROLMENT_TOKEN: token,
    });
    expect([enrolled.code, enrolled.stderr]).toEqual([0, expect.any(String)]);
    agent = spawn(process.execPath, [AGENT, 'daemon', '--state', state], {
      env: machine.environment,
      stdio: 'ignore',
    });
    await until(async () => (await at('PR1', 'get', 'devices')).includes('below'));
    await until(async () => (await machine.muster('--site', 'CEN', 'collection', 'members', 'pilot')).stderr !== '');
    const members = await machine.muster('--site', 'CEN', 'collection', 'members', 'pilot');
    expect(members).toEqual({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(/^note: \d more at site PR1: muster --site PR1 collection members pilot\n$/),
    });
    await at('CEN', 'deploy', 'install-tool', '--to', 'pilot', '--name', 'install-tool');
    await until(() => existsSync(proof), 120_000);
    expect(readFileSync(proof, 'utf8')).toBe('from central\n');
  });

  it('has settings made above hold on a computer below, and says there who says so and what lost', async () => {
    const custom = '{priority: 5, collections: [pilot], settings: {cacheMegabytes: 300}}';
    await applyKind('CEN', 'ClientSettings', 'pilot', custom);
    await applyKind('CEN', 'ClientSettings', 'default', '{settings: {policyPollMinutes: 30, cacheMegabytes: 900}}');
    const settings = () => at('PR1', 'device', 'settings', 'below');
    await until(async () => /^cacheMegabytes +300 +pilot, priority 5 +900 {2}default$/m.test(await settings()));
    expect(await settings()).toMatch(/^policyPollMinutes +30 +default$/m);
    const status = ['status', '--state', join(machine.folder, 'agent')];
    const there = 'settings asks for policy every 1800 s, cacheMegabytes 300';
    await until(async () => (await run(AGENT, status, machine.environment)).stdout.includes(there));
  });

  it('goes on when every site was given another key by which the others know it', async () => {
    const keyOf = async (code: string, as: string) =>
      (await json<SiteList>(as, 'hierarchy', 'sites')).items.find((site) => site.code === code)?.publicKey?.x;
    const before = [await keyOf('CEN', 'CEN'), await keyOf('PR1', 'PR1')];
    expect(await machine.interrupt()).toBe(0);
    await machine.up('--hierarchy', '1', '--renew-link-key');
    const renewed = [await keyOf('CEN', 'CEN'), await keyOf('PR1', 'PR1')];
    for (const key of renewed) expect(before).not.toContain(key);
    await until(async () => (await keyOf('CEN', 'PR1')) === renewed[0] && (await keyOf('PR1', 'CEN')) === renewed[1]);
    await apply('CEN', 'lab', 'with other keys');
    await until(async () => (await description('PR1', 'lab')) === 'with other keys');
    await apply('PR1', 'lab', 'and back');
    await until(async () => (await description('CEN', 'lab')) === 'and back');
    expect(await at('CEN', 'audit', '--kind', 'Site')).toMatch(/site:PR1 +renewed/);
  });
});
