import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '@muster/persistence/database.js';
import { migrate } from '@muster/persistence/migrate.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';

const migrations = join(import.meta.dirname, '..', 'migrations');

describe('a catalog that has sequences already', () => {
  let servers: TestServers;
  let database: Database;
  let folder: string;

  beforeAll(async () => {
    servers = await startServers();
    folder = await mkdtemp(join(tmpdir(), 'muster-old-catalog-'));
    const url = servers.environment('catalog')['MUSTER_DATABASE_URL'] ?? '';
    database = new Database({ url, schema: 'catalog' });
    const old = join(folder, 'migrations');
    await mkdir(old);
    await copyFile(join(migrations, '0001_task-sequences.sql'), join(old, '0001_task-sequences.sql'));
    await migrate({ url, schema: 'catalog', folder: old, log: () => undefined });
  });

  afterAll(async () => {
    await database?.close();
    await servers?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('knows their children after the migration: those of enabled nodes, at any depth', async () => {
    const spec = {
      steps: [
        { sequence: 'plain' },
        { sequence: 'off', disabled: true },
        { sequence: 'on', disabled: false },
        { step: 'x', type: 'RunCommandLine', settings: { command: 'x', sequence: 'no' } },
        { group: 'G', steps: [{ group: 'H', steps: [{ sequence: 'deep' }, { sequence: 'plain' }] }] },
        {
          group: 'Off',
          disabled: true,
          steps: [{ sequence: 'inert' }, { group: 'In', steps: [{ sequence: 'inert' }] }],
        },
      ],
    };
    await database.query(
      `insert into task_sequence (uid, name, resource_version, generation, spec, status)
       values (gen_random_uuid(), 'old', 1, 1, $1, '{}'), (gen_random_uuid(), 'empty', 1, 1, '{"steps":[]}', '{}')`,
      [JSON.stringify(spec)],
    );
    const url = servers.environment('catalog')['MUSTER_DATABASE_URL'] ?? '';
    await migrate({ url, schema: 'catalog', folder: migrations, log: () => undefined });
    const rows = await database.query<{ name: string; child: string }>(
      `select name, child from task_sequence_child
       join task_sequence on task_sequence.uid = task_sequence_uid order by child`,
    );
    expect(rows).toEqual(['deep', 'on', 'plain'].map((child) => ({ name: 'old', child })));
  });
});
