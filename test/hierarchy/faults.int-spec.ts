import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { comparePositions, START, type Position } from '@muster/hierarchy/link.js';
import { linkUser } from '@muster/localsite/nats.js';
import { postgresChild } from '@muster/localsite/postgres.js';
import { postgresPrograms } from '@muster/localsite/postgres-programs.js';
import { HierarchyRepository } from '@muster/replication/hierarchy.repository.js';
import { Intake } from '@muster/replication/intake.js';
import { until } from '@muster/testing/until.js';
import { note } from '../../libs/replication/test/station.js';
import { cutAndHeal } from './cut-and-heal.js';
import type { Reading } from './reading-process.js';
import { startTwoSites, type TwoSites } from './two-sites.js';

describe('two sites to which something happens', () => {
  let sites: TwoSites;
  const level = () => sites.level();

  beforeAll(async () => {
    sites = await startTwoSites();
    sites.central.start();
    sites.primary.start();
  });

  afterAll(() => sites?.stop());

  it('have the same again after many writes on both sides of a cut link, and each loser is kept once', async () => {
    const { contested, conflicts } = await cutAndHeal(sites, 'cut', 400);
    expect([contested, conflicts]).toEqual([20, 20]);
  });

  it('take in batches twice, and in any order, as if they had come once and in theirs', async () => {
    const { central, primary, proxy } = sites;
    const everywhere = { kind: 'Note', buckets: Array.from({ length: 256 }, (_, n) => n), afterKey: '', owners: [] };
    const { entries } = await central.replicas.buckets(central.database, { ...everywhere, limit: 1_000 });
    const backwards = entries.map((entry) => JSON.parse(entry) as unknown).toReversed();
    expect(backwards.length).toBeGreaterThan(700);
    const quiet = () => undefined;
    const intake = new Intake(primary.database, primary.log, [note], { parked: quiet, waiting: quiet });
    const hierarchy = await new HierarchyRepository().read(primary.database, 'PR1');
    // Nothing else may bring them meanwhile: a feed that runs out, a comparison that is due.
    proxy.cut();
    await until(async () => {
      const failed = 'select 1 as one from replica_link where failed_attempts > 0';
      return (await primary.database.query(failed)).length > 0;
    });
    await primary.database.query(`delete from replica where kind = 'Note'`);
    await primary.database.query('delete from note');
    for (const time of [1, 2]) {
      let changed = 0;
      for (let from = 0; from < backwards.length; from += 90)
        changed += await intake.repair(backwards.slice(from, from + 100), 'CAS', hierarchy);
      expect([time, changed]).toEqual([time, time === 1 ? backwards.length : 0]);
    }
    expect(await level()).toBe(true);
    proxy.heal();
    // An answer to a question of before says where it continues: not here.
    const late = { from: 'CAS', to: 'PR1', nonce: randomUUID(), life: randomUUID(), upto: START, beginAnew: false };
    const asked = { life: null, after: START };
    const more = { asked, backlog: 0, unsettled: false, clock: 0, entries: [{ not: 'an entry' }] };
    expect(await intake.take({ ...late, ...more }, hierarchy)).toBe(false);
    expect((await primary.problems.counts(primary.database)).parked).toBe(0);
  });

  it('get back what a site had told when it is restored from a backup of before, and what it writes then counts', async () => {
    const { central, primary, leaf } = sites;
    const { site } = leaf;
    await primary.write('kept', 'before the backup');
    await until(level);
    const data = join(site.layout.postgres, 'data');
    const backups = mkdtempSync(join(tmpdir(), 'muster-backup-'));
    const database = postgresChild(site.layout, await postgresPrograms(), site.ports['postgres']!);
    const copy = (from: string, to: string) => execFileSync('cp', ['-a', from, to]);
    await site.supervisor.stop('postgres');
    copy(data, join(backups, 'data'));
    await site.supervisor.start(database);
    await until(() =>
      primary.write('since', 'told, and then forgotten').then(
        () => true,
        () => false,
      ),
    );
    await primary.write('kept', 'changed since');
    await central.write('above', 'meanwhile');
    await until(level);

    await site.supervisor.stop('postgres');
    rmSync(data, { recursive: true });
    copy(join(backups, 'data'), data);
    await site.supervisor.start(database);
    await until(() =>
      primary.write('anew', 'after the restore').then(
        () => true,
        () => false,
      ),
    );
    await until(level);
    for (const station of [central, primary]) {
      const texts = await Promise.all(['since', 'kept', 'above', 'anew'].map((key) => station.text(key)));
      expect(texts).toEqual(['told, and then forgotten', 'changed since', 'meanwhile', 'after the restore']);
    }
    rmSync(backups, { recursive: true });
  });

  it('promise a reader that forgot everything also what nobody may read yet', async () => {
    const { central } = sites;
    let commit: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (commit = resolve));
    let wrote: () => void = () => undefined;
    const written = new Promise<void>((resolve) => (wrote = resolve));
    const open = central.database.transaction(async (tx) => {
      await central.writeIn(tx, 'slow', 'not committed yet');
      wrote();
      await held;
    });
    await written;
    await central.write('quick', 'behind it');
    const [place] = await central.database.query<Position>(
      `select transaction::text::bigint as transaction, sequence from replica where key = 'quick'`,
    );
    expect(comparePositions(await central.replicas.head(central.database), place!)).toBeGreaterThan(0);
    commit();
    await open;
    await until(level);
  });

  it('have nothing half when a process is killed in the middle of taking in, and all of it after the next start', async () => {
    const { central, primary } = sites;
    await until(level);
    await primary.replication.stop();
    // Where it stops is no chance: the database waits at one of the objects.
    await primary.database.query(`create function wait_here() returns trigger language plpgsql as
      $$ begin if new.key = 'kill-25' then perform pg_sleep(3); end if; return new; end $$`);
    await primary.database.query(
      'create trigger wait_here before insert on note for each row execute function wait_here()',
    );
    for (let n = 1; n <= 50; n += 1) await central.write(`kill-${n}`, 'read by a process');
    const first = startReading();
    const sleeping = `select 1 as one from pg_stat_activity where wait_event = 'PgSleep'`;
    await until(async () => (await primary.database.query(sleeping)).length === 1);
    await kill(first);
    // Waits until the database has let go of what the process held.
    await primary.database.query('drop trigger wait_here on note');
    const there = `select (select count(*) from note where key like 'kill-%')::int as notes,
      (select count(*) from replica where key like 'kill-%')::int as replicas`;
    expect(await primary.database.query(there)).toEqual([{ notes: 0, replicas: 0 }]);
    const second = startReading();
    await until(level);
    await kill(second);
    expect(await primary.database.query(there)).toEqual([{ notes: 50, replicas: 50 }]);
  });

  function startReading(): ChildProcess {
    const { site } = sites.leaf;
    const reading: Reading = {
      site: 'PR1',
      databaseUrl: sites.leaf.environment('catalog')['MUSTER_DATABASE_URL']!,
      bus: { url: `nats://127.0.0.1:${site.ports['nats']}`, ...linkUser(site.layout, 'catalog') },
      linkKey: sites.primaryKey,
    };
    const script = join(import.meta.dirname, '../../dist/test/hierarchy/reading-process.js');
    return fork(script, { env: { ...process.env, MUSTER_TEST_READING: JSON.stringify(reading) }, execArgv: [] });
  }

  async function kill(child: ChildProcess): Promise<void> {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
});
