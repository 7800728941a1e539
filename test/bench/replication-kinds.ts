import { loadavg } from 'node:os';
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
import { startServers } from '@muster/testing/servers.js';
import { pino } from 'pino';
import { deploymentService } from '../../apps/deployment/src/deployment.service-definition.js';
import { deviceUidSql } from './device-uid.js';
import { line, ratios, report, shown, spread, type Spread } from './spread.js';

/** Objects of a message between sites, and of the list of devices that are told. */
const TOGETHER = 500;
const SITES: readonly KnownSite[] = [
  { code: 'CAS', kind: 'central', publicKey: null, revoked: false },
  { code: 'PR1', kind: 'primary', parent: 'CAS', publicKey: null, revoked: false },
];

/** What comes in masses, and can be measured. */
export const MEASURED_KINDS = ['deviceVariable', 'deviceState'] as const;
export type MeasuredKind = (typeof MEASURED_KINDS)[number];

/**
 * Many at once beside one by one, in turns, at a primary site whose deployment service is the real one.
 *
 * deviceVariable: documents of devices with another variable, as a site above wrote them, are taken in. deviceState: what is true of
 * devices is recorded for the sites above.
 */
export async function benchKind(measured: MeasuredKind, count: number, rounds: number): Promise<void> {
  const servers = await startServers({ siteCode: 'PR1', store: false });
  const environment = servers.environment('deployment');
  const app = await startService(
    deploymentService,
    loadConfig(deploymentService.config, environment),
    pino({ level: 'silent' }),
  );
  const database = new Database({ url: environment['MUSTER_DATABASE_URL']!, schema: 'deployment' });
  try {
    await database.query(
      `insert into device (uid, name, resource_version, generation, spec, status)
       select ${deviceUidSql('n')}, 'device-' || n, nextval('resource_version'), 1, '{}', '{"enrolled": true}'
       from generate_series(1, $1::int) as n`,
      [count],
    );
    await database.query('analyze');
    const device = app.get(Replicas).kinds.find(({ kind }) => kind === 'Device')!;
    const rate = measured === 'deviceVariable' ? takeIn(database, device, count) : tell(database, count);
    // Both ways are warm before it counts.
    for (const together of [false, true]) await rate(together);
    const [alone, many]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      alone.push(await rate(false));
      many.push(await rate(true));
    }
    const ratio: Spread = ratios(many, alone);
    line('one by one', `${shown(spread(alone))} objects/s`);
    line('many at once', `${shown(spread(many))} objects/s`);
    line('ratio', shown(ratio));
    const figures = {
      kind: measured,
      objects: count,
      loadAverage: loadavg(),
      alone: spread(alone),
      many: spread(many),
    };
    report('replication', { ...figures, baseline: 'one by one', ratio: ratio.median, ratios: ratio }, {});
  } finally {
    await database.close();
    await app.close();
    await servers.stop();
  }
}

/** @returns objects per second; each call writes all devices anew */
function takeIn(database: Database, device: ReplicatedKind, count: number): (together: boolean) => Promise<number> {
  const oneByOne: ReplicatedKind = {
    kind: device.kind,
    schemaVersion: device.schemaVersion,
    understand: (content) => device.understand(content),
    use: (tx, key, content, actor) => device.use(tx, key, content, actor),
  };
  const hierarchy = new Hierarchy('PR1', new Map(SITES.map((site) => [site.code, site])));
  const report = {
    parked: (_peer: string, error: string) => refuse(error),
    waiting: (_name: unknown, error: unknown) => refuse(error),
  };
  let version = 0;
  let known: readonly (Replica | undefined)[] = Array.from({ length: count });
  return async (together) => {
    version += 1;
    const intake = new Intake(database, new ReplicaLog('PR1'), [together ? device : oneByOne], report);
    const setAt = new Date().toISOString();
    const variables = [{ name: 'Ring', value: `ring ${version}`, setAt }];
    known = known.map((before) => {
      const written = { site: 'CAS', nowMilliseconds: Date.now(), chance: 0 };
      return writeReplica<unknown>(before, { metadata: {}, spec: { variables } }, written);
    });
    const entries = known.map((replica, index): LinkEntry => {
      const { version: write, basis, seen, content } = replica!;
      const belonging = { dataClass: 'site', owner: 'PR1' } as const;
      const position = { transaction: version, sequence: index };
      const name = { kind: 'Device', key: `device-${index + 1}/PR1` };
      return { ...name, ...belonging, ...write, basis, seen, schemaVersion: 1, content, position };
    });
    const began = performance.now();
    for (let from = 0; from < count; from += TOGETHER) {
      await intake.repair(entries.slice(from, from + TOGETHER), 'CAS', hierarchy);
    }
    const perSecond = (count / (performance.now() - began)) * 1_000;
    const [used] = await database.query<{ count: number }>(
      `select count(*) as count from device where spec -> 'variables' -> 0 ->> 'value' = $1`,
      [`ring ${version}`],
    );
    if (used!.count !== count) throw new Error(`${used!.count} of ${count} devices have the variable`);
    return perSecond;
  };
}

function tell(database: Database, count: number): (together: boolean) => Promise<number> {
  const log = new ReplicaLog('PR1');
  const kind = { kind: 'DeviceState', schemaVersion: 1, understand: (content: unknown) => content };
  const belonging = { dataClass: 'site', owner: 'PR1' } as const;
  let version = 0;
  return async (together) => {
    version += 1;
    const content = { status: { enrolled: true, version, facts: { hostname: 'some-host', memoryMegabytes: 8192 } } };
    const began = performance.now();
    for (let from = 1; from <= count; from += TOGETHER) {
      const last = Math.min(count, from + TOGETHER - 1);
      const writes = Array.from({ length: last - from + 1 }, (_, index) => ({
        key: `device-${from + index}/PR1`,
        content,
      }));
      await database.transaction(async (tx) => {
        if (together) await log.recordMany(tx, kind, writes, belonging);
        else for (const { key } of writes) await log.record(tx, kind, key, content, belonging);
      });
    }
    return (count / (performance.now() - began)) * 1_000;
  };
}

function refuse(error: unknown): never {
  throw error instanceof Error ? error : new Error(String(error));
}
