import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { PermitResponse } from '@muster/contracts/agent/permits.js';
import { deploymentJudged } from '@muster/contracts/events/deployment-judged.js';
import { hierarchySiteChanged } from '@muster/contracts/events/hierarchy-site-changed.js';
import { runReported } from '@muster/contracts/events/run-reported.js';
import type { HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import type { DeploymentRollout } from '@muster/contracts/kinds/deployment-rollout.js';
import type { EventList } from '@muster/contracts/kinds/event.js';
import type { Problem } from '@muster/contracts/problem.js';
import { askPermit } from '@muster/contracts/requests/ask-permit.js';
import { readSealingKey } from '@muster/contracts/requests/read-sealing-key.js';
import { sealingKeySchema } from '@muster/contracts/sealing.js';
import { leafUser } from '@muster/localsite/nats.js';
import { LinkKey } from '@muster/replication/site-signature.js';
import type { Rollout } from '@muster/schedule/rollout/rollout.js';
import { freePort } from '@muster/testing/free-port.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { TcpProxy } from '@muster/testing/tcp-proxy.js';
import { until } from '@muster/testing/until.js';
import { v7 as uuidv7 } from 'uuid';
import { type Deployment, digest, openWorld, type World } from './world.js';

const FLEET = 6;
const CAP = 4;
const rollout: Rollout = { groups: [{ name: 'all', errors: 1, successPercent: 10 }], atMostStarted: CAP };

/** A primary site with its devices, as they ask and report. */
class Primary {
  readonly devices: string[] = [];
  readonly runs = new Map<string, string>();
  readonly done = new Set<string>();

  constructor(
    readonly code: string,
    readonly world: World,
    readonly proxy: TcpProxy,
  ) {}

  async uid(name: string): Promise<string> {
    return (await this.world.api.call<Deployment>('GET', `deployments/${name}`)).body.metadata?.uid;
  }

  async rollout(name: string): Promise<DeploymentRollout> {
    return (await this.world.api.call<DeploymentRollout>('GET', `deployments/${name}/rollout`)).body;
  }

  async ask(name: string, device: string): Promise<PermitResponse> {
    const runId = uuidv7();
    const body = digest('b') as `sha256:${string}`;
    const question = { deviceUid: device, deploymentUid: await this.uid(name), body, runId };
    const answer = await this.world.policy.bus.request(askPermit, question);
    if (answer.granted && !this.runs.has(device)) this.runs.set(device, runId);
    return answer;
  }

  get waiting(): readonly string[] {
    return this.devices.filter((device) => !this.runs.has(device) && !this.done.has(device));
  }

  /** All devices that wait ask at once; answers how many run then. */
  async rush(name: string): Promise<number> {
    await Promise.all(this.waiting.map((device) => this.ask(name, device)));
    return this.runs.size;
  }

  /** All that run here have succeeded. */
  async finish(name: string): Promise<void> {
    for (const device of this.runs.keys()) await this.end(name, device, 'succeeded');
  }

  async end(name: string, device: string, result: 'succeeded' | 'failed'): Promise<void> {
    const runId = this.runs.get(device)!;
    this.runs.delete(device);
    if (result === 'succeeded') this.done.add(device);
    const at = new Date().toISOString();
    await this.world.policy.publish(runReported, {
      runId,
      deviceUid: device,
      deploymentUid: await this.uid(name),
      reports: [
        { runId, number: 1, at, event: 'run-started', total: 1 },
        { runId, number: 2, at, event: 'run-finished', result, exitCode: result === 'failed' ? 1 : 0 },
      ],
    });
  }
}

describe('a rollout of a central site that two primary sites share', () => {
  let servers: TestServers[] = [];
  let central: World;
  let one: Primary;
  let other: Primary;

  const publicKey = (site: TestServers) =>
    new LinkKey(readFileSync(site.environment('deployment')['MUSTER_LINK_KEY_FILE']!, 'utf8')).publicKey;
  const above = async (name: string) =>
    (await central.api.call<DeploymentRollout>('GET', `deployments/${name}/rollout`)).body;
  const shares = async (name: string) =>
    Object.fromEntries((await above(name)).sites!.map(({ site, share }) => [site, share]));
  const act = (world: World, name: string, action: string) =>
    world.api.call<DeploymentRollout & Problem>('POST', `deployments/${name}/rollout`, { action });

  async function openPrimary(code: string, hub: TestServers): Promise<Primary> {
    const proxy = await TcpProxy.open(await freePort(), hub.site.ports['nats-leaf']!);
    const parent = { host: '127.0.0.1', port: proxy.port, ...leafUser(hub.site.layout, code) };
    const site = await startServers({ siteCode: code, links: { parent }, store: false });
    servers.push(site);
    const primary = new Primary(code, await openWorld(site, { MUSTER_ROLLOUT_GRACE_SECONDS: '0' }), proxy);
    for (let index = 0; index < FLEET; index += 1) {
      primary.devices.push(await primary.world.enrol(`${code.toLowerCase()}-${index}`));
    }
    await until(async () => (await primary.world.devices()).length === FLEET);
    return primary;
  }

  /** A deployment made at the central site, of which the devices of both primary sites are told. */
  async function deploy(name: string): Promise<void> {
    const spec = { sequence: 'tale', collection: 'fleet', purpose: 'Required', rollout };
    await central.api.apply<Deployment>('Deployment', 'deployments', name, spec);
    for (const primary of [one, other]) {
      await until(async () => (await primary.uid(name)) !== undefined);
      await primary.world.policy.publish(deploymentJudged, {
        deploymentUid: await primary.uid(name),
        policy: { state: 'compiled' },
        body: digest('b') as `sha256:${string}`,
      });
      await until(async () => (await primary.rollout(name)).stage === 'starting');
    }
    // Whoever says first that it has use for the limit has all of it, until the other one says so, too.
    const settled = ({ share, heard }: { share: number; heard: boolean }) => share === CAP / 2 && heard;
    await until(async () => (await above(name)).sites!.every(settled));
  }

  beforeAll(async () => {
    const hub = await startServers({ siteCode: 'CAS', links: { children: ['PR1', 'PR2'] }, store: false });
    servers = [hub];
    central = await openWorld(hub);
    one = await openPrimary('PR1', hub);
    other = await openPrimary('PR2', hub);
    const { kty, crv, x } = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
    const key = sealingKeySchema.parse({ kty, crv, x });
    const [cas, pr1, pr2] = servers.map((site, index): HierarchySiteRecord => {
      const code = ['CAS', 'PR1', 'PR2'][index]!;
      const kind = index === 0 ? 'central' : 'primary';
      return { code, kind, parent: index === 0 ? null : 'CAS', publicKey: publicKey(site), revoked: false };
    });
    for (const [world, known] of [
      [central, [cas!, pr1!, pr2!]],
      [one.world, [cas!, pr1!]],
      [other.world, [cas!, pr2!]],
    ] as const) {
      world.revise('tale', 'a');
      world.policy.bus.answer(
        readSealingKey,
        async () => ({ key }),
        () => undefined,
      );
      for (const site of known) await world.policy.publish(hierarchySiteChanged, site);
    }
    await central.api.apply('Collection', 'collections', 'fleet', { rules: [{ allDevices: true }] });
  });

  afterAll(async () => {
    for (const primary of [one, other]) {
      await primary?.world.close();
      await primary?.proxy.close();
    }
    await central?.close();
    await Promise.all(servers.map((site) => site.stop()));
  });

  it('starts on so many devices of both together as it may, however many ask at once', async () => {
    await deploy('shared');
    await until(async () => {
      const running = (await one.rush('shared')) + (await other.rush('shared'));
      expect(running).toBeLessThanOrEqual(CAP);
      return running === CAP;
    });
    expect([one.runs.size, other.runs.size]).toEqual([2, 2]);
    expect(await one.ask('shared', one.waiting[0]!)).toMatchObject({
      granted: false,
      code: 'rollout.share-used',
      message:
        '2 devices of this site have started and not ended yet; its share is 2 of the 4 that all sites may have together (atMostStarted)',
    });
    await until(async () => (await above('shared')).open === CAP);
    expect(await above('shared')).toMatchObject({
      stage: 'starting',
      atMostStarted: CAP,
      sites: [
        { site: 'PR1', share: 2, open: 2, heard: true },
        { site: 'PR2', share: 2, open: 2, heard: true },
      ],
      groups: [{ name: 'all', state: 'open', open: CAP }],
    });
  });

  it('goes on at a site whose link is cut, with its share and no more; nobody else gets that', async () => {
    other.proxy.cut();
    await other.finish('shared');
    await until(async () => (await other.rush('shared')) === 2);
    // The first site has use for the whole limit, and one device more each time that one ends.
    for (let round = 0; round < 3; round += 1) {
      const [device] = one.runs.keys();
      await one.end('shared', device!, 'succeeded');
      await until(async () => (await one.rush('shared')) === 2);
      expect(await other.rush('shared')).toBe(2);
    }
    expect(await shares('shared')).toEqual({ PR1: 2, PR2: 2 });
  });

  it('lets a site that has use for it have what another one does not use any more, once that one has said so', async () => {
    other.proxy.heal();
    // All of its devices have succeeded: nothing waits there any more.
    await until(async () => {
      await other.finish('shared');
      await other.rush('shared');
      return (await other.rollout('shared')).groups[0]!.succeeded === FLEET;
    });
    await until(async () => (await shares('shared'))['PR2'] === 1 && (await above('shared')).sites![1]!.heard);
    await until(async () => (await one.rollout('shared')).share === 3);
    await until(async () => (await one.rush('shared')) === 3);
    expect((await one.rollout('shared')).open + (await other.rollout('shared')).open).toBeLessThanOrEqual(CAP);
  });

  it('is held everywhere when it has too many errors at all sites together, and goes on when those are taken', async () => {
    for (const { runs, done } of [one, other]) {
      runs.clear();
      done.clear();
    }
    await deploy('failing');
    await until(async () => (await one.rush('failing')) + (await other.rush('failing')) === CAP);
    for (const primary of [one, other]) {
      const [device] = primary.runs.keys();
      await primary.end('failing', device!, 'failed');
    }
    await until(async () => (await above('failing')).stage === 'paused');
    const why = 'in group all 2 failed, and at most 1 may';
    expect(await above('failing')).toMatchObject({
      code: 'rollout.too-many-errors',
      says: `paused for all sites: ${why}`,
    });
    for (const primary of [one, other]) {
      await until(async () => (await primary.rollout('failing')).share === 0);
      const free = primary.waiting[0]!;
      expect(await primary.ask('failing', free)).toMatchObject({
        granted: false,
        code: 'rollout.held-above',
        message: `the rollout is paused for all sites: ${why}`,
      });
      expect((await primary.rollout('failing')).stage).toBe('starting');
    }
    const events = await central.api.call<EventList>('GET', 'events?deployment=failing');
    expect(events.body.items.filter(({ type }) => type === 'rollout.paused')).toHaveLength(1);
    expect((await act(central, 'failing', 'restart')).body.code).toBe('rollout.of-each-site');
    expect((await act(central, 'failing', 'resume')).status).toBe(200);
    await until(async () => (await one.rush('failing')) + (await other.rush('failing')) === CAP);
  });

  it('is paused for all sites by a person at the central one', async () => {
    expect((await act(central, 'failing', 'pause')).status).toBe(200);
    for (const primary of [one, other]) await until(async () => (await primary.rollout('failing')).share === 0);
  });

  it('that is deleted leaves no shares behind', async () => {
    await central.api.call('DELETE', 'deployments/failing');
    const rows = async ({ sql }: World, table: string, where: string) =>
      Number((await sql.query<{ count: string }>(`select count(*) from ${table} where ${where}`)).rows[0]!.count);
    for (const { world } of [one, other]) {
      await until(async () => (await rows(world, 'rollout_share', `deployment = 'failing'`)) === 0);
    }
    const left = () =>
      rows(central, 'replica', `kind = 'RolloutShare' and key like 'failing/%' and content is not null`);
    await until(async () => (await left()) === 0);
  });
});
