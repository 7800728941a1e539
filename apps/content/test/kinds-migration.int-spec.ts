import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '@muster/persistence/database.js';
import { migrate } from '@muster/persistence/migrate.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';

const migrations = join(import.meta.dirname, '..', 'migrations');
const KINDS = '0004_kinds-of-content-and-applications.sql';
const digest = `sha256:${'a'.repeat(64)}`;

describe('a content service that has packages already', () => {
  let servers: TestServers;
  let database: Database;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    servers = await startServers();
    folder = await mkdtemp(join(tmpdir(), 'muster-old-content-'));
    url = servers.environment('content')['MUSTER_DATABASE_URL'] ?? '';
    database = new Database({ url, schema: 'content' });
    const old = join(folder, 'migrations');
    await mkdir(old);
    for (const name of (await readdir(migrations)).filter((one) => one < KINDS))
      await copyFile(join(migrations, name), join(old, name));
    await migrate({ url, schema: 'content', folder: old, log: () => undefined });
  });

  afterAll(async () => {
    await database?.close();
    await servers?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('keeps their versions and Distributions, and the release before can still add packages', async () => {
    const add = (name: string) =>
      database.query(
        `with made as (
           insert into package (uid, name, resource_version, generation, spec, status)
           values (gen_random_uuid(), $1, 1, 1, '{}', '{}') returning uid
         ), listed as (
           insert into manifest (digest, document) values ($2, '{"files":[]}') on conflict do nothing
         ) select uid from made`,
        [name, digest],
      );
    const version = (name: string) =>
      database.query(
        `insert into package_version (package_uid, version, state, manifest, files, bytes, author)
         select uid, 1, 'available', $2, 0, 0, 'somebody' from package where name = $1`,
        [name, digest],
      );
    await add('old');
    await version('old');
    await database.query(
      `insert into distribution (uid, name, resource_version, generation, spec, status)
       values (gen_random_uuid(), 'old', 1, 1, '{"package":"old","points":[]}', '{}')`,
    );
    await migrate({ url, schema: 'content', folder: migrations, log: () => undefined });
    await add('new');
    await version('new');
    const owners = await database.query(
      `select o.kind, o.name, v.version from content_owner o join package_version v on v.package_uid = o.uid order by o.name`,
    );
    expect(owners).toEqual(['new', 'old'].map((name) => ({ kind: 'Package', name, version: 1 })));
    const brought = await database.query(
      `select d.name from distribution_content c join distribution d on d.uid = c.distribution_uid
       join package p on p.uid = c.owner_uid`,
    );
    expect(brought).toEqual([{ name: 'old' }]);
    await database.query(`delete from package where name = 'new'`);
    const [left] = await database.query<{ count: number }>('select count(*) from package_version');
    expect(left?.count).toBe(1);
  });
});
