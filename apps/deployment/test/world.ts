import { deviceEnrolled } from '@muster/contracts/events/device-enrolled.js';
import { deviceInventoried } from '@muster/contracts/events/device-inventoried.js';
import type { CollectionSpec, CollectionStatus } from '@muster/contracts/kinds/collection.js';
import type { DeploymentSpec, DeploymentStatus } from '@muster/contracts/kinds/deployment.js';
import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { RunSpec, RunStatus } from '@muster/contracts/kinds/run.js';
import { readSequence, type SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import type { Resource, ServiceName } from '@muster/contracts/resource.js';
import { loadConfig } from '@muster/platform/config.js';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import { startService } from '@muster/service/start-service.js';
import { Client } from 'pg';
import { pino } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { deploymentService } from '../src/deployment.service-definition.js';
import { Api } from './api.js';
import { Producer } from './producer.js';

export type Device = Resource<DeviceSpec, DeviceStatus>;
export type Collection = Resource<CollectionSpec, CollectionStatus>;
export type Deployment = Resource<DeploymentSpec, DeploymentStatus>;
export type Run = Resource<RunSpec, RunStatus>;

/** A digest that is easy to tell from others. */
export const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

/** What a world needs of the test servers. */
interface Servers {
  environment(service: ServiceName): NodeJS.ProcessEnv;
  addToken(service: ServiceName): Promise<string>;
}

/** The service, however it runs. */
export interface RunningService {
  readonly url: string;
  close(): Promise<void>;
}

async function startHere(environment: NodeJS.ProcessEnv): Promise<RunningService> {
  const config = loadConfig(deploymentService.config, environment);
  const app = await startService(deploymentService, config, pino({ level: 'silent' }));
  return { url: await app.getUrl(), close: () => app.close() };
}

/** The real service between a policy and a catalog that say what the test wants them to say, over real messaging. */
export type World = Awaited<ReturnType<typeof openWorld>>;

/** @param start how the service is started; default: in this process */
export async function openWorld(
  servers: Servers,
  settings: Record<string, string> = {},
  start: (environment: NodeJS.ProcessEnv) => Promise<RunningService> = startHere,
) {
  const policy = await Producer.open('policy', servers.environment('policy'));
  const catalog = await Producer.open('catalog', servers.environment('catalog'));
  const sequences = new Map<string, SequenceRevision>();
  const revisions = new Map<string, SequenceRevision>();
  catalog.bus.answer(
    readSequence,
    async (question) => {
      if (!('digest' in question)) return { sequence: sequences.get(question.name) ?? null };
      const found = revisions.get(question.digest);
      return { sequence: found && [undefined, found.name].includes(question.name) ? found : null };
    },
    () => undefined,
  );
  const environment = { ...servers.environment('deployment'), ...settings };
  const config = loadConfig(deploymentService.config, environment);
  const app = await start(environment);
  const token = await servers.addToken('deployment');
  const api = new Api(app.url, token);
  const sql = new Client({ connectionString: environment['MUSTER_DATABASE_URL'] });
  await sql.connect();

  const devices = () => api.list<Device>('devices?limit=500');
  const byUid = async (uid: string) => (await devices()).find(({ metadata }) => metadata.uid === uid);

  return {
    policy,
    catalog,
    api,
    sql,
    token,
    grpcAddress: `127.0.0.1:${config.MUSTER_GRPC_PORT}`,
    devices,
    byUid,

    /** Publishes an enrolment; answers the device's uid. */
    async enrol(name: string, uid = uuidv7(), facts = {}): Promise<string> {
      await policy.publish(deviceEnrolled, {
        deviceUid: uid,
        name,
        keyThumbprint: `key-of-${uid}`,
        enrolledAt: '2026-11-21T00:00:00Z',
        facts: { hostname: name, ...facts },
      });
      return uid;
    },

    /** Publishes what a device tells of itself. */
    async tellFacts(deviceUid: string, facts: Facts): Promise<void> {
      await policy.publish(deviceInventoried, { deviceUid, receivedAt: new Date().toISOString(), facts });
    },

    /** Makes the next answer of the catalog about a sequence; tells nobody. */
    revise(name: string, letter: string, revision = 1): SequenceRevision {
      const uid = sequences.get(name)?.uid ?? uuidv7();
      const next = { uid, name, revision, digest: digest(letter), spec: { steps: [] } } as unknown as SequenceRevision;
      sequences.set(name, next);
      revisions.set(next.digest, next);
      return next;
    },

    /** Every fact that policy published has been applied. */
    async applied(): Promise<boolean> {
      const { rows } = await sql.query(`select position from inbox where producer = 'policy'`);
      return (await policy.position()) === Number(rows[0]?.position ?? 0);
    },

    async close(): Promise<void> {
      await sql.end();
      await app.close();
      await policy.close();
      await catalog.close();
    },
  };
}
