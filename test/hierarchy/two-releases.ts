import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { serviceDatabaseUrl } from '@muster/localsite/databases.js';
import { readSiteFile, siteLayout } from '@muster/localsite/layout.js';
import { repositoryFolder } from '@muster/localsite/repository.js';
import { serviceNames } from '@muster/localsite/services.js';
import { Database } from '@muster/persistence/database.js';
import { ReplicaRepository } from '@muster/replication/replica.repository.js';
import { until } from '@muster/testing/until.js';
import { SiteUnderTest } from '../e2e/site-under-test.js';

const help = `npm run hierarchy:two-releases -- --commit REF [--above]

A central site of this tree and a primary site of an earlier commit, both started by their own "muster up", and joined. Objects are made,
changed and deleted on both sides; both must have the same, told by their own "muster hierarchy verify" and by digests of their databases. Then
the primary site is upgraded in place, and they must agree again. --above: the central site is the older one. REF must build as this tree does.`;

const REPOSITORY = repositoryFolder();
const PATIENCE_MILLISECONDS = 180_000;

const { values } = parseArgs({
  options: { commit: { type: 'string' }, above: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});
if (values.help || values.commit === undefined) {
  process.stdout.write(`${help}\n`);
  process.exit(values.help ? 0 : 2);
}

const folder = mkdtempSync(join(tmpdir(), 'muster-two-releases-'));
const earlier = join(folder, 'earlier');
const git = (...args: string[]) => execFileSync('git', args, { cwd: REPOSITORY, encoding: 'utf8' }).trim();
const say = (text: string) => process.stdout.write(`${text}\n`);

/** Kinds that all sites have, made at a site whose objects are called after it. */
function objectsOf(site: string, words: string): string {
  const name = site.toLowerCase();
  return `apiVersion: muster/v1
kind: Collection
metadata: {name: fleet-${name}}
spec: {description: ${words}, rules: [{allDevices: true}], variables: [{name: Ring, value: ${words}}]}
---
apiVersion: muster/v1
kind: TaskSequence
metadata: {name: tale-${name}}
spec: {description: ${words}, steps: [{step: Say, type: RunCommandLine, settings: {command: "echo ${words}", shell: true}}]}
---
apiVersion: muster/v1
kind: Package
metadata: {name: hello-${name}}
spec: {description: ${words}}
---
apiVersion: muster/v1
kind: Deployment
metadata: {name: tell-${name}}
spec: {sequence: tale-${name}, collection: fleet-${name}, purpose: Available}
`;
}

const KINDS = ['collections', 'task-sequences', 'packages', 'deployments'] as const;
const NAMES = { collections: 'fleet', 'task-sequences': 'tale', packages: 'hello', deployments: 'tell' } as const;

function apply(site: SiteUnderTest, text: string): Promise<string> {
  const file = join(site.folder, 'objects.yaml');
  writeFileSync(file, text);
  return site.ok('apply', '-f', file);
}

async function read(site: SiteUnderTest, kind: string, name: string): Promise<string | undefined> {
  const found = await site.muster('get', kind, name, '-o', 'json');
  if (found.code !== 0) return undefined;
  const { metadata, spec } = JSON.parse(found.stdout) as { metadata: { name: string }; spec: unknown };
  return JSON.stringify([metadata.name, spec]);
}

/** What a site has in common with the other one, by service. */
async function digests({ data }: SiteUnderTest, below: string): Promise<string> {
  const layout = siteLayout(data);
  const port = readSiteFile(layout)?.ports['postgres'] ?? 0;
  const found: Record<string, unknown> = {};
  for (const service of serviceNames) {
    const database = new Database({ url: serviceDatabaseUrl(layout, port, service), schema: service });
    try {
      found[service] = await new ReplicaRepository().digests(database, [below]);
    } finally {
      await database.close();
    }
  }
  return JSON.stringify(found);
}

async function agree(what: string, central: SiteUnderTest, primary: SiteUnderTest): Promise<void> {
  await until(async () => (await digests(central, 'PR1')) === (await digests(primary, 'PR1')), PATIENCE_MILLISECONDS);
  for (const site of [central, primary]) {
    const { code, stdout, stderr } = await site.muster('hierarchy', 'verify');
    if (code !== 0) throw new Error(`${what}: "muster hierarchy verify" ended with ${code}:\n${stdout}${stderr}`);
  }
  const objects = JSON.parse(await digests(central, 'PR1')) as Record<string, { count: number }[]>;
  const count = Object.values(objects)
    .flat()
    .reduce((sum, one) => sum + one.count, 0);
  say(
    `${what}: ${count} objects, equal digests in ${serviceNames.length} services, and nothing differs for either site`,
  );
}

/** Content that a site sends to a point of PR1, called after that site. */
function sentBy(site: 'CEN' | 'PR1'): string {
  const name = `sent-${site.toLowerCase()}`;
  return `apiVersion: muster/v1
kind: Package
metadata: {name: ${name}}
spec: {}
---
apiVersion: muster/v1
kind: Distribution
metadata: {name: ${name}}
spec: {package: ${name}, points: [${site === 'PR1' ? 'point' : 'PR1/point'}]}
`;
}

/** What a release says of where content goes that the other one does not know is told, kept there, and carried out after the upgrade. */
async function send(older: string, { CEN, PR1 }: Readonly<Record<'CEN' | 'PR1', SiteUnderTest>>): Promise<void> {
  const point = '{endpoint: "http://127.0.0.1:1", bucket: points, credentials: local}';
  await apply(PR1, `apiVersion: muster/v1\nkind: DistributionPoint\nmetadata: {name: point}\nspec: ${point}\n`);
  await apply(PR1, sentBy('PR1'));
  if (older !== 'CEN') await apply(CEN, sentBy('CEN'));
}

async function sent(older: string, { CEN, PR1 }: Readonly<Record<'CEN' | 'PR1', SiteUnderTest>>): Promise<void> {
  const goesTo = async (site: SiteUnderTest, name: string, point: string) =>
    (await read(site, 'distributions', name))?.includes(`"${point}"`) ?? false;
  await until(() => goesTo(CEN, 'sent-pr1', 'PR1/point'), PATIENCE_MILLISECONDS);
  if (older !== 'CEN') await until(() => goesTo(PR1, 'sent-cen', 'point'), PATIENCE_MILLISECONDS);
  say('where content goes is known at both, what was said of it before the upgrade too');
}

async function exchange(words: string, sites: Readonly<Record<'CEN' | 'PR1', SiteUnderTest>>): Promise<void> {
  for (const [code, site] of Object.entries(sites)) await apply(site, objectsOf(code, words));
  for (const [code, site] of Object.entries(sites)) {
    const other = code === 'CEN' ? sites.PR1 : sites.CEN;
    for (const kind of KINDS) {
      const name = `${NAMES[kind]}-${code.toLowerCase()}`;
      const here = await read(site, kind, name);
      if (here === undefined) throw new Error(`there is no ${kind} ${name} at the site that made it`);
      await until(async () => (await read(other, kind, name)) === here, PATIENCE_MILLISECONDS);
    }
  }
}

try {
  const commit = git('rev-parse', '--verify', `${values.commit}^{commit}`);
  say(`building ${git('log', '-1', '--format=%h of %ad: %s', '--date=iso', commit)}`);
  git('worktree', 'add', '--detach', earlier, commit);
  symlinkSync(join(REPOSITORY, 'node_modules'), join(earlier, 'node_modules'));
  execFileSync('npm', ['run', '-s', 'build'], { cwd: earlier, stdio: 'inherit' });

  const older = values.above === true ? 'CEN' : 'PR1';
  const programs = (code: string) => (code === older ? earlier : REPOSITORY);
  const central = await SiteUnderTest.create(programs('CEN'));
  const primary = await SiteUnderTest.create(programs('PR1'));
  try {
    await central.up('--site-code', 'CEN', '--kind', 'central');
    const sealing = join(central.data, 'keys', 'sealing-key');
    await primary.up('--site-code', 'PR1', '--sealing-key', sealing);
    const made = await central.ok('hierarchy', 'token', 'create', 'PR1');
    const [token] = /msj_[\w-]+\.[\w-]+/.exec(made) ?? [];
    if (token === undefined) throw new Error(`no token in:\n${made}`);
    await primary.ok('hierarchy', 'join', '--parent', central.url, '--token', token);
    const sites = { CEN: central, PR1: primary };

    await exchange('made', sites);
    await agree('made on both sides', central, primary);
    await exchange('changed', sites);
    await apply(primary, objectsOf('CEN', 'changed-by-the-other'));
    await until(
      async () => (await read(central, 'collections', 'fleet-cen'))?.includes('changed-by-the-other') ?? false,
    );
    await central.ok('delete', 'packages', 'hello-pr1');
    await until(async () => (await read(primary, 'packages', 'hello-pr1')) === undefined, PATIENCE_MILLISECONDS);
    await send(older, sites);
    await agree('changed and deleted on both sides', central, primary);

    const upgraded = sites[older];
    await upgraded.interrupt();
    upgraded.programs = REPOSITORY;
    await upgraded.up();
    await exchange('after-the-upgrade', sites);
    await sent(older, sites);
    await agree(`${older} upgraded in place`, central, primary);
    say(JSON.stringify({ faults: 'two-releases', commit, older, met: true }));
  } finally {
    await primary.remove();
    await central.remove();
  }
} finally {
  execFileSync('git', ['worktree', 'remove', '--force', earlier], { cwd: REPOSITORY, stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true });
}
