import type { LinkEntry } from '@muster/contracts/links/link-messages.js';
import { writeReplica, type Replica } from '@muster/hierarchy/replica.js';
import { Database } from '@muster/persistence/database.js';
import { loadConfig } from '@muster/platform/config.js';
import { Hierarchy, type KnownSite } from '@muster/replication/hierarchy.repository.js';
import { Intake } from '@muster/replication/intake.js';
import { ReplicaLog } from '@muster/replication/replica-log.js';
import type { ReplicatedKind } from '@muster/replication/replicated-kind.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { startService } from '@muster/service/start-service.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import { deploymentService } from '../src/deployment.service-definition.js';

const HISTORIES = 6;
const ROUNDS = 3;
const DEVICES = 12;

const SITES: readonly KnownSite[] = [
  { code: 'CAS', kind: 'central', publicKey: null, revoked: false },
  { code: 'PR1', kind: 'primary', parent: 'CAS', publicKey: null, revoked: false },
];

describe('documents of devices that a site above wrote', () => {
  let servers: TestServers;
  let app: NestFastifyApplication;
  let database: Database;
  let devices: ReplicatedKind;

  beforeAll(async () => {
    servers = await startServers({ siteCode: 'PR1', store: false });
    const environment = servers.environment('deployment');
    const config = loadConfig(deploymentService.config, environment);
    app = (await startService(deploymentService, config, pino({ level: 'silent' }))) as NestFastifyApplication;
    database = new Database({ url: environment['MUSTER_DATABASE_URL']!, schema: 'deployment' });
    devices = app.get(Replicas).kinds.find(({ kind }) => kind === 'Device')!;
  });

  afterAll(async () => {
    await database?.close();
    await app?.close();
    await servers?.stop();
  });

  const hierarchy = new Hierarchy('PR1', new Map(SITES.map((site) => [site.code, site])));

  /** What is left, by names: uids and versions are new each time. */
  const kept = async (): Promise<string> => {
    const named = `coalesce((select name from device where uid = owner_uid), 'gone')`;
    return JSON.stringify(
      await Promise.all([
        database.query('select name, display_name, folder, labels, generation, spec, status from device order by name'),
        database.query(`select ${named} as owner, name_key, sealed from sealed_variable order by 1, 2, 3`),
        database.query(
          `select device.name, hardware, named from device_hardware join device on uid = device_uid order by 1, 2`,
        ),
        database.query(
          `select collection.name as collection, device.name from collection_member
           join collection on collection.uid = collection_uid join device on device.uid = device_uid order by 1, 2`,
        ),
        database.query(`select actor, action, kind, name, changed from audit_entry order by name, id`),
        database.query(
          `select subject, coalesce(payload -> 'resource' -> 'metadata' ->> 'name', payload -> 'owner' ->> 'name') as name,
             payload -> 'resource' -> 'spec' as spec, payload -> 'variables' as variables
           from outbox where subject like any (array['%device-saved', '%device-deleted', '%variables-changed'])
           order by 1, 2, sequence`,
        ),
        database.query('select kind, key, code, message from replica_problem order by kind, key'),
      ]),
      null,
      1,
    );
  };

  const take = async (rounds: readonly LinkEntry[][], kind: ReplicatedKind, cut: (left: number) => number) => {
    await database.transaction(async (tx) => {
      await tx.query('delete from replica');
      await tx.query('delete from replica_problem');
      for (const table of [
        'collection_member',
        'device_hardware',
        'sealed_variable',
        'device',
        'outbox',
        'audit_entry',
      ])
        await tx.query(`delete from ${table}`);
    });
    const errors: string[] = [];
    const report = { parked: (_peer: string, error: string) => errors.push(error), waiting: () => undefined };
    const intake = new Intake(database, new ReplicaLog('PR1'), [kind], report);
    for (const entries of rounds) {
      for (let from = 0; from < entries.length;) {
        const upto = from + cut(entries.length - from);
        await intake.repair(entries.slice(from, upto), 'CAS', hierarchy);
        from = upto;
      }
    }
    expect(errors).toEqual([]);
    return kept();
  };

  it('leave the same however many are taken in together: variables, secrets, hardware, members, facts and who waits', async () => {
    const oneByOne: ReplicatedKind = {
      kind: devices.kind,
      schemaVersion: devices.schemaVersion,
      understand: (content) => devices.understand(content),
      use: (tx, key, content, actor) => devices.use(tx, key, content, actor),
    };
    let waiting = 0;
    for (let seed = 1; seed <= HISTORIES; seed += 1) {
      const random = randomOf(seed);
      const rounds = historyOf(random);
      const alone = await take(rounds, oneByOne, () => 1);
      waiting += (await database.query('select from replica_problem')).length;
      const together = await take(rounds, devices, (left) => left);
      const cut = await take(rounds, devices, (left) => 1 + Math.floor(random() * left));
      // With the seed, to play it again.
      expect([seed, together]).toEqual([seed, alone]);
      expect([seed, cut]).toEqual([seed, alone]);
    }
    // Hardware that two documents name: else nothing of being refused was seen.
    expect(waiting).toBeGreaterThan(0);
  });
});

/** Devices that come, change, go, and come again; each round each of them at most once. */
function historyOf(random: () => number): LinkEntry[][] {
  const known = new Map<string, Replica>();
  let sequence = 0;
  return Array.from({ length: ROUNDS }, () => {
    const names = Array.from({ length: DEVICES }, (_, index) => `device-${index}`).filter(() => random() < 0.8);
    return names.map((name): LinkEntry => {
      sequence += 1;
      const content = random() < 0.15 ? null : documentOf(random);
      const at = { site: 'CAS', nowMilliseconds: 1_764_000_000_000 + sequence, chance: 0 };
      const replica = writeReplica<unknown>(known.get(name), content, at);
      known.set(name, replica);
      const { version, basis, seen } = replica;
      const belonging = { dataClass: 'site', owner: 'PR1' } as const;
      const position = { transaction: 1, sequence };
      const named = { kind: 'Device', key: `${name}/PR1` };
      return { ...named, ...belonging, ...version, basis, seen, schemaVersion: 1, content, position };
    });
  });
}

function documentOf(random: () => number): unknown {
  const some = (part: number) => random() < part;
  const setAt = `2026-11-27T00:00:0${Math.floor(random() * 3)}.000Z`;
  const secret = some(0.4);
  const variables = [
    ...(some(0.7) ? [{ name: 'Ring', value: `ring ${Math.floor(random() * 3)}`, setAt }] : []),
    ...(secret ? [{ name: 'Secret', hidden: true, setAt }] : []),
  ];
  const serialNumber = `SN${Math.floor(random() * DEVICES * 2)}`;
  return {
    metadata: some(0.3) ? { labels: { team: some(0.5) ? 'infra' : 'desk' } } : {},
    spec: {
      ...(variables.length > 0 ? { variables } : {}),
      ...(some(0.4) ? { identity: { serialNumber } } : {}),
    },
    ...(secret ? { sealed: { secret: `sealed at ${setAt}` } } : {}),
  };
}

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
