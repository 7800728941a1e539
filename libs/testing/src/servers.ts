import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceName } from '@muster/contracts/resource.js';
import { Client } from 'pg';
import { natsChild, type BusLinks } from '@muster/localsite/nats.js';
import { requireNatsServer } from '@muster/localsite/nats-server.js';
import { serviceChild, serviceNames } from '@muster/localsite/services.js';
import { type RunningSite, startSite } from '@muster/localsite/start-site.js';
import { freePort } from './free-port.js';
import { memoryFolder } from './memory-folder.js';
import { placePostgres } from './shared-postgres.js';
import { until } from './until.js';

/** Real servers of one test file: Postgres, NATS with JetStream and the store, on free ports, in a folder of their own. No proxy stands before services. */
export interface TestServers {
  readonly site: RunningSite;
  /** Every MUSTER_ setting of a service, as `muster up` would give it. */
  environment(service: ServiceName): NodeJS.ProcessEnv;
  /** Makes an API token that this service accepts. Its tables must exist: call it after the service has started. */
  addToken(service: ServiceName): Promise<string>;
  /** Everything that the tables of a service hold, as text: to look for what must not be there. */
  dump(service: ServiceName): Promise<string>;
  /** Starts the NATS server that a test stopped. */
  restartBus(): Promise<void>;
  /** Kills the NATS server and takes what it kept in JetStream; resolves when it is there again, without it. */
  wipeBus(): Promise<void>;
  stop(): Promise<void>;
}

/** How the servers of a test differ from those of a site that stands alone. */
export interface TestServersOptions {
  readonly siteCode?: string;
  readonly links?: BusLinks;
  /** false: the test needs no store. */
  readonly store?: boolean;
}

/**
 * More than the servers of all files that run at a time hold. In memory they take an eighth to a fifth off the processor time of a file: the
 * file system of a disk computes for each of a database's files.
 */
const MEMORY_BYTES = 4 * 1024 ** 3;

/** Starts the servers; the caller stops them in afterAll. The parts are processes of the build. */
export async function startServers(options: TestServersOptions = {}): Promise<TestServers> {
  const folder = await mkdtemp(join(memoryFolder(MEMORY_BYTES), 'muster-test-'));
  await placePostgres(folder);
  const site = await startSite({
    dataFolder: folder,
    services: [],
    edgeRoutes: null,
    port: await freePort(),
    logLevel: 'warn',
    ...(options.siteCode === undefined ? {} : { siteCode: options.siteCode }),
    ...(options.links === undefined ? {} : { links: options.links }),
    ...(options.store === false ? { storeScript: null } : {}),
  });
  const environment = (service: ServiceName): Record<string, string> => ({
    ...serviceChild(
      { name: service, script: '' },
      {
        ...site,
        logLevel: 'warn',
        pollSeconds: 1,
        adminTokenDigest: createHash('sha256').update('none').digest('hex'),
      },
    ).env,
  });
  return {
    site,
    environment,
    async addToken(service) {
      const token = `muster_${randomBytes(32).toString('base64url')}`;
      const client = new Client({ connectionString: environment(service)['MUSTER_DATABASE_URL'] });
      await client.connect();
      try {
        await client.query('insert into api_token (uid, name, sha256) values ($1, $2, $3)', [
          randomUUID(),
          'test',
          createHash('sha256').update(token).digest('hex'),
        ]);
      } finally {
        await client.end();
      }
      return token;
    },
    async dump(service) {
      const client = new Client({ connectionString: environment(service)['MUSTER_DATABASE_URL'] });
      await client.connect();
      try {
        const tables = await client.query<{ name: string }>(
          `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
           where table_schema = $1 and table_type = 'BASE TABLE'`,
          [service],
        );
        if (tables.rows.length === 0) throw new Error(`the service ${service} has no tables`);
        const texts: string[] = [];
        for (const { name } of tables.rows) {
          const { rows } = await client.query<{ text: string }>(`select one::text as text from ${name} as one`);
          texts.push(...rows.map(({ text }) => `${name} ${text}`));
        }
        return texts.join('\n');
      } finally {
        await client.end();
      }
    },
    async restartBus() {
      const program = requireNatsServer(() => undefined);
      await site.supervisor.start(
        natsChild(site.layout, site.siteCode, { ...site.ports }, serviceNames, program, options.links),
      );
    },
    async wipeBus() {
      const { supervisor, layout } = site;
      const before = supervisor.pids()['nats'];
      if (before === undefined) throw new Error('the bus does not run');
      process.kill(before, 'SIGKILL');
      // Out of the way in one step: the next broker must not find half of it, nor lose files of its own.
      await rename(join(layout.nats, 'jetstream'), join(layout.nats, 'wiped'));
      await until(() => supervisor.isReady('nats') && supervisor.pids()['nats'] !== before);
      await rm(join(layout.nats, 'wiped'), { recursive: true });
    },
    async stop() {
      await site.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
