import type { Manifest } from '@muster/contracts/agent/content.js';
import { digestOf } from '@muster/contracts/digest.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { deployment as deploymentKind } from '@muster/contracts/kinds/deployment.js';
import { packageKind } from '@muster/contracts/kinds/package.js';
import { findManifestUses } from '@muster/contracts/requests/find-uses.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { Database } from '@muster/persistence/database.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { deployingTo } from './deploying.js';
import { installing, resource } from './documents.js';
import { PolicyUnderTest } from './policy-under-test.js';
import type { TestDevice } from './test-device.js';

const HOUR = 3_600_000;
const deployments = resourceEvents(deploymentKind);
let servers: TestServers;
let policy: PolicyUnderTest;

beforeAll(async () => {
  servers = await startServers();
  policy = await PolicyUnderTest.start(servers);
  policy.content.bus.answer(
    locateContent,
    async () => ({ manifest: { files: [] }, locations: [], expiresAt: '2026-12-01T00:00:00Z' }),
    () => undefined,
  );
});

afterAll(async () => {
  await policy?.stop();
  await servers?.stop();
});

const { collectionOf, deploy, assigned } = deployingTo(() => policy);

describe('content of a run that outlasts its deployment', () => {
  /** A deployment of a package with one version, that devices were told of and which was deleted two days ago. */
  async function deleted(name: string, ...devices: TestDevice[]) {
    const manifest: Manifest = { files: [{ path: name, digest: digestOf(name), size: 4 }] };
    const distributed = { version: 1, manifest: digestOf(manifest), bytes: 4 };
    policy.packages.set(name, { name, exists: true, programs: { install: { command: 'install.sh' } }, distributed });
    const saved = resource('Package', name, {}, { versions: [] });
    await policy.content.publish(resourceEvents(packageKind).saved, { resource: saved, actor: 'test' });
    const made = await deploy((await collectionOf(...devices)).name, installing(name));
    for (const device of devices) await assigned(device);
    await policy.deployment.publish(deployments.deleted, { resource: made, actor: 'test' });
    for (const device of devices) await assigned(device, 0);
    const { uid } = made.metadata;
    await endedHoursAgo(uid, 48);
    return { uid, name: made.metadata.name, manifest: digestOf(manifest) };
  }

  /** The test's way to be later: what devices were told ended so many hours ago. */
  async function endedHoursAgo(deploymentUid: string, hours: number): Promise<void> {
    await policy.app
      .get(Database)
      .query('update deployment_body set ended_at = now() - make_interval(hours => $2) where deployment_uid = $1', [
        deploymentUid,
        hours,
      ]);
  }

  const usesOf = async (manifest: string, endedWithinHours: number) =>
    (
      await policy.content.bus.request(findManifestUses, {
        manifests: [manifest as `sha256:${string}`],
        endedWithinHours,
      })
    ).items;

  const goesOn = (deploymentUid: string, device: TestDevice, hoursAgo: number) =>
    policy.runs.push({ deploymentUid, deviceUid: device.uid, since: new Date(Date.now() - hoursAgo * HOUR) });

  it('is in use for as long as the run goes on, though nobody is told of it any more', async () => {
    const device = await policy.device();
    const gone = await deleted('outlasted', device);
    expect(await usesOf(gone.manifest, 24)).toEqual([]);
    goesOn(gone.uid, device, 60);
    expect(await usesOf(gone.manifest, 24)).toEqual([{ manifest: gone.manifest, deployments: [gone.name] }]);
    policy.runs.length = 0;
    expect(await usesOf(gone.manifest, 24)).toEqual([]);
  });

  it('is not in use where the run began long after it was told last, nor three months after that', async () => {
    const device = await policy.device();
    const gone = await deleted('replaced', device);
    goesOn(gone.uid, device, 1);
    expect(await usesOf(gone.manifest, 24)).toEqual([]);
    // A computer that was away for longer than that began with what it knew.
    expect(await usesOf(gone.manifest, 48)).toMatchObject([{ deployments: [gone.name] }]);
    policy.runs.length = 0;
    goesOn(gone.uid, device, 91 * 24);
    await endedHoursAgo(gone.uid, 90 * 24 + 1);
    expect(await usesOf(gone.manifest, 24)).toEqual([]);
    policy.runs.length = 0;
  });

  it('is located for the computer whose run goes on, and for no other', async () => {
    const [device, other] = [await policy.device(), await policy.device()];
    const gone = await deleted('located', device, other);
    const locate = async (who: TestDevice) =>
      (await who.post('/content-locations', { manifest: gone.manifest })).status;
    expect(await locate(device)).toBe(403);
    goesOn(gone.uid, device, 60);
    expect([await locate(device), await locate(other)]).toEqual([200, 403]);
    policy.runs.length = 0;
    await until(async () => (await locate(device)) === 403);
  });
});
