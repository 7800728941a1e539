import { readFileSync, renameSync, writeFileSync } from 'node:fs';
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
import { SiteUnderTest } from './site-under-test.js';

type Collection = Resource<CollectionSpec, CollectionStatus>;

/** What a user does with a hierarchy on one machine, through the CLI alone; only the cable between the sites is the test's. */
describe('a hierarchy on one machine', () => {
  let machine: SiteUnderTest;
  let cable: TcpProxy;

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
  const apply = async (site: string, name: string, text: string) => {
    const file = join(machine.folder, `${site}-${name}.yaml`);
    writeFileSync(
      file,
      `apiVersion: muster/v1\nkind: Collection\nmetadata: {name: ${name}}\nspec: {description: ${text}, rules: []}\n`,
    );
    await at(site, 'apply', '-f', file);
  };

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
});
