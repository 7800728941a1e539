import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { siteKeyFile } from '@muster/localsite/keys.js';
import { serviceDatabaseUrl } from '@muster/localsite/databases.js';
import { type RunningSite, startSite } from '@muster/localsite/start-site.js';
import { Database } from '@muster/persistence/database.js';
import { freePort } from '@muster/testing/free-port.js';
import { until } from '@muster/testing/until.js';
import { SESSION_PURPOSE } from '../../apps/policy/src/sessions/device-authenticator.js';
import { SiteKey } from '../../apps/policy/src/site-key/site-key.js';
import { deviceUidSql } from './device-uid.js';
import { memoryOf } from './process-figures.js';

const AT_ONCE = 25_000;

type Service = 'catalog' | 'deployment' | 'content' | 'policy';

/** A whole site of real processes, as `muster up` starts it, with rows of devices that never were. */
export class SiteOfDevices {
  private constructor(
    readonly site: RunningSite,
    private readonly folder: string,
    readonly databases: Readonly<Record<Service, Database>>,
  ) {}

  static async start(): Promise<SiteOfDevices> {
    const folder = mkdtempSync(join(tmpdir(), 'muster-bench-'));
    const site = await startSite({ dataFolder: folder, port: await freePort(), logLevel: 'warn', pollSeconds: 3600 });
    const database = (service: Service): Database =>
      new Database({
        url: serviceDatabaseUrl(site.layout, site.ports['postgres'] ?? 0, service),
        schema: service,
        maximumConnections: 4,
      });
    const databases = {
      catalog: database('catalog'),
      deployment: database('deployment'),
      content: database('content'),
      policy: database('policy'),
    };
    return new SiteOfDevices(site, folder, databases);
  }

  /** The secret of access tokens, in Base64. */
  get sessionSecret(): string {
    const key = new SiteKey(readFileSync(siteKeyFile(this.site.layout.keys), 'utf8'));
    return key.deriveSecret(SESSION_PURPOSE).export().toString('base64');
  }

  port(name: string): number {
    return this.site.ports[name] ?? 0;
  }

  /**
   * Devices as enrolling makes them, in the collection `all-devices`, in both services that know them. Their host names end with -00 to
   * -99, a hundredth each.
   *
   * @param publicKey of all of them; default: a key that nobody has
   */
  async addDevices(
    count: number,
    publicKey: object = { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) },
  ): Promise<void> {
    // A service's connection gives up after some seconds: not all at once.
    for (let from = 0; from < count; from += AT_ONCE) {
      await this.addSome(from, Math.min(count, from + AT_ONCE) - 1, publicKey);
    }
    const { deployment, policy } = this.databases;
    const [all] = await deployment.query<{ uid: string }>(`select uid from collection where name = 'all-devices'`);
    await deployment.query('insert into collection_member (collection_uid, device_uid) select $1, uid from device', [
      all?.uid ?? '',
    ]);
    await policy.query('insert into device_member (device_uid, collection_uid) select uid, $1 from device', [
      all?.uid ?? '',
    ]);
    await Promise.all(Object.values(this.databases).map((database) => database.query('analyze')));
  }

  private async addSome(first: number, last: number, publicKey: object): Promise<void> {
    const uid = deviceUidSql('n');
    const name = `'device-' || lpad(n::text, 6, '0') || '-' || lpad((n % 100)::text, 2, '0')`;
    await this.databases.deployment.query(
      `insert into device (uid, name, resource_version, generation, spec, status)
       select ${uid}, ${name}, nextval('resource_version'), 1, '{}', jsonb_build_object(
         'enrolled', true, 'enrolledAt', '2026-11-01T00:00:00.000Z', 'factsAt', '2026-11-01T00:00:00.000Z',
         'facts', jsonb_build_object(
           'hostname', ${name}, 'timeZone', 'Europe/Berlin', 'memoryMegabytes', 4096 * (1 + n % 8), 'firmware', 'uefi',
           'os', jsonb_build_object('id', 'debian', 'versionId', (11 + n % 3)::text, 'architecture', 'x64'),
           'cpu', jsonb_build_object('model', 'Some CPU', 'cores', 2 + n % 14),
           'machine', jsonb_build_object('manufacturer', 'Some maker', 'model', 'Model ' || n % 20, 'serialNumber', 'SN' || n),
           'network', jsonb_build_array(jsonb_build_object(
             'name', 'eth0', 'mac', '02:00:00:00:00:01', 'addresses', jsonb_build_array('10.0.0.1')))))
       from generate_series($1::int, $2::int) as n`,
      [first, last],
    );
    await this.databases.policy.query(
      `insert into device (uid, name, public_key, thumbprint, state)
       select ${uid}, ${name}, $3::jsonb, 'none', 'enrolled' from generate_series($1::int, $2::int) as n`,
      [first, last, JSON.stringify(publicKey)],
    );
  }

  /** Saves a resource over REST, through the service's own door; answers it and the milliseconds that the call took. */
  async save(service: Service, plural: string, kind: string, name: string, spec: object) {
    const began = performance.now();
    const response = await fetch(`http://127.0.0.1:${this.port(`${service}-http`)}/api/v1/${plural}/${name}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${this.site.adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ apiVersion: 'muster/v1', kind, metadata: { name }, spec }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`PUT ${plural}/${name}: ${response.status} ${text.slice(0, 1000)}`);
    return { resource: JSON.parse(text) as { metadata: { uid: string } }, milliseconds: performance.now() - began };
  }

  saveCollection(name: string, spec: object) {
    return this.save('deployment', 'collections', 'Collection', name, spec);
  }

  /** Deploys the sequence `sample`, which needs no content and is made with the first deployment. */
  async deploy(name: string, spec: { collection: string } & Record<string, unknown>) {
    if (!this.hasSample) {
      const steps = [{ step: 'Set', type: 'SetTaskSequenceVariable', settings: { name: 'Ring', value: 'one' } }];
      await this.save('catalog', 'task-sequences', 'TaskSequence', 'sample', { steps });
      this.hasSample = true;
    }
    return this.save('deployment', 'deployments', 'Deployment', name, {
      sequence: 'sample',
      purpose: 'Required',
      ...spec,
    });
  }
  private hasSample = false;

  /** Waits until policy has applied all facts and compiled all deployments. */
  async untilPolicyKnowsAll(): Promise<void> {
    await until(async () => {
      const [head] = await this.databases.deployment.query<{ position: number; pending: boolean }>(
        'select position, exists (select 1 from outbox where position is null) as pending from outbox_head',
      );
      const [told] = await this.databases.policy.query<{ position: number; pending: boolean }>(
        `select (select position from inbox where producer = 'deployment') as position,
           exists (select 1 from deployment where due_at is not null and deleted_at is null) as pending`,
      );
      return !head?.pending && !told?.pending && told?.position === head?.position;
    }, 600_000);
  }

  /** MiB of each process with what it started. */
  memory(): Record<string, number> {
    const entries = Object.entries(this.site.supervisor.pids());
    return Object.fromEntries(entries.map(([name, pid]) => [name, Math.round(memoryOf(pid))]));
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.databases).map((database) => database.close()));
    await this.site.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
