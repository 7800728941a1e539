import { randomUUID } from 'node:crypto';
import { policyBodySchema, type PolicyBody } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import { deploymentJudged } from '@muster/contracts/events/deployment-judged.js';
import { membersChanged } from '@muster/contracts/events/members-changed.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { collection as collectionKind } from '@muster/contracts/kinds/collection.js';
import { deployment as deploymentKind, type DeploymentPolicy } from '@muster/contracts/kinds/deployment.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { Client } from 'pg';
import { collectionNamed, deploymentOf, installing, plain } from './documents.js';
import { PolicyUnderTest } from './policy-under-test.js';
import type { TestDevice } from './test-device.js';

const collections = resourceEvents(collectionKind);
const deployments = resourceEvents(deploymentKind);
let servers: TestServers;
let policy: PolicyUnderTest;
let sql: Client;

beforeAll(async () => {
  servers = await startServers();
  policy = await PolicyUnderTest.start(servers);
  sql = new Client({ connectionString: servers.environment('policy')['MUSTER_DATABASE_URL'] });
  await sql.connect();
});

afterAll(async () => {
  await sql?.end();
  await policy?.stop();
  await servers?.stop();
});

/** A sequence whose steps are other sequences. */
const pointing = (...names: string[]): SequenceSpec => ({
  description: randomUUID(),
  steps: names.map((name) => ({ sequence: name, continueOnError: true })),
});

/** Deploys to a device of its own. */
async function deploy(spec: SequenceSpec, change: { pinned?: boolean } = {}) {
  const device = await policy.device();
  const target = collectionNamed(`c-${randomUUID().slice(0, 8)}`);
  const { name, uid: collectionUid } = target.metadata;
  await policy.deployment.publish(collections.saved, { resource: target, actor: 'test' });
  await policy.deployment.publish(membersChanged, { collectionUid, added: [device.uid], removed: [] });
  const made = deploymentOf(`d-${randomUUID().slice(0, 8)}`, name, policy.know(spec), change);
  await policy.deployment.publish(deployments.saved, { resource: made, actor: 'test' });
  return { device, uid: made.metadata.uid };
}

/** What people were told of a deployment, oldest first. */
async function told(uid: string): Promise<DeploymentPolicy[]> {
  const { rows } = await sql.query<{ policy: DeploymentPolicy }>(
    `select payload -> 'policy' as policy from outbox
     where subject = $1 and payload ->> 'deploymentUid' = $2 order by sequence`,
    [deploymentJudged.subject({ site: 'S01' }), uid],
  );
  return rows.map((row) => row.policy);
}

async function untilTold(uid: string, expected: Partial<DeploymentPolicy>): Promise<DeploymentPolicy | undefined> {
  const last = async () => (await told(uid)).at(-1);
  await until(async () => {
    const { state, code } = (await last()) ?? {};
    return state === expected.state && code === expected.code;
  });
  return last();
}

const digests = async (device: TestDevice): Promise<string[]> =>
  (await device.policy()).assignments.map(({ body }) => body);

async function bodyOf(device: TestDevice): Promise<PolicyBody> {
  const { body } = await device.get(`/bodies/${(await digests(device))[0]}`);
  return policyBodySchema.parse(body);
}

describe('a deployment of a sequence with children', () => {
  it('tells devices one body with one revision of every child, and lets them have the content of all', async () => {
    const manifest = { files: [{ path: 'install', digest: digestOf('file'), size: 4 }] };
    const distributed = { version: 1, manifest: digestOf(manifest), bytes: 4 };
    policy.packages.set('inner-package', { name: 'inner-package', exists: true, programs: {}, distributed });
    policy.content.bus.answer(
      locateContent,
      async () => ({ manifest, locations: [], expiresAt: '2099-01-01T00:00:00Z' }),
      () => undefined,
    );
    const [outer, inner] = [pointing('inner', 'inner'), installing('inner-package')];
    await policy.saveChild('outer', outer);
    await policy.saveChild('inner', inner);
    const { device, uid } = await deploy(pointing('outer'));
    expect(await untilTold(uid, { state: 'compiled' })).toEqual({ state: 'compiled' });
    const body = await bodyOf(device);
    expect(body.children).toEqual({
      inner: { digest: digestOf(inner), spec: inner },
      outer: { digest: digestOf(outer), spec: outer },
    });
    expect(Object.keys(body.packages)).toEqual(['inner-package']);
    expect((await device.post('/content-locations', { manifest: digestOf(manifest) })).status).toBe(200);
  });

  it('waits for a child that is missing, in spite of continue on error, and goes on when it comes', async () => {
    const { device, uid } = await deploy(pointing('coming'));
    const blocked = await untilTold(uid, { state: 'blocked', code: 'sequence.child-missing' });
    expect(blocked?.message).toBe('child sequence "coming" does not exist');
    expect(await digests(device)).toEqual([]);
    await policy.saveChild('coming', pointing('coming-later'));
    await until(async () => (await told(uid)).at(-1)?.message?.includes('"coming-later"') === true);
    await policy.saveChild('coming-later', plain('X'));
    await untilTold(uid, { state: 'compiled' });
    expect(Object.keys((await bodyOf(device)).children ?? {})).toEqual(['coming', 'coming-later']);
  });

  it('follows its children to their next revisions, and nothing else is looked at again', async () => {
    await policy.saveChild('moving', plain('A'));
    await policy.saveChild('still', plain('A'));
    const [mover, other] = [await deploy(pointing('moving')), await deploy(pointing('still'))];
    await untilTold(mover.uid, { state: 'compiled' });
    await untilTold(other.uid, { state: 'compiled' });
    const versions = async () => {
      const text = 'select uid, input_version::int as version from deployment where uid = any($1)';
      const { rows } = await sql.query<{ uid: string; version: number }>(text, [[mover.uid, other.uid]]);
      return [mover, other].map((one) => rows.find(({ uid }) => uid === one.uid)?.version ?? 0);
    };
    const [moverVersion = 0, otherVersion = 0] = await versions();
    const before = await digests(mover.device);
    await policy.saveChild('moving', plain('B'));
    await until(async () => (await digests(mover.device))[0] !== before[0]);
    expect((await bodyOf(mover.device)).children?.['moving']?.spec).toEqual(plain('B'));
    expect(await versions()).toEqual([moverVersion + 1, otherVersion]);
    // What devices run now is news, also where nothing else is: a rollout begins anew with it.
    expect(await told(mover.uid)).toEqual([{ state: 'compiled' }, { state: 'compiled' }]);
    expect(await told(other.uid)).toEqual([{ state: 'compiled' }]);
  });

  it('is taken back from devices while a child is disabled, and given again after that', async () => {
    await policy.saveChild('switched', plain('A'));
    const { device, uid } = await deploy(pointing('switched'));
    await untilTold(uid, { state: 'compiled' });
    const before = await digests(device);
    await policy.saveChild('switched', plain('A', { enabled: false }));
    const blocked = await untilTold(uid, { state: 'blocked', code: 'sequence.child-disabled' });
    expect(blocked?.message).toContain('"switched"');
    expect(await digests(device)).toEqual([]);
    // What a device began it may finish.
    expect((await device.get(`/bodies/${before[0]}`)).status).toBe(200);
    await policy.saveChild('switched', plain('A'));
    await untilTold(uid, { state: 'compiled' });
    expect(await digests(device)).toEqual(before);
  });

  it('is taken back from devices while its sequence is disabled, also where it stays with an older revision', async () => {
    const kept = pointing('beside');
    await policy.saveChild('beside', plain('A'));
    await policy.saveChild('sample', kept);
    const { device, uid } = await deploy(kept, { pinned: true });
    await untilTold(uid, { state: 'compiled' });
    const before = await digests(device);
    await policy.saveChild('sample', plain('Newer', { enabled: false }));
    const withdrawn = await untilTold(uid, { state: 'withdrawn', code: 'sequence.disabled' });
    expect(withdrawn?.message).toBe('sequence "sample" is disabled');
    expect(await digests(device)).toEqual([]);
    await policy.saveChild('sample', plain('Newer'));
    await untilTold(uid, { state: 'compiled' });
    expect(await digests(device)).toEqual(before);
    // What its children are still concerns it.
    await policy.saveChild('beside', plain('B'));
    await until(async () => (await digests(device))[0] !== before[0]);
  });

  it('leaves devices what they were told while a child is gone, or leads in a circle that two saves made', async () => {
    await policy.saveChild('first', pointing('second'));
    await policy.saveChild('second', plain('A'));
    const { device, uid } = await deploy(pointing('first'));
    await untilTold(uid, { state: 'compiled' });
    const before = await digests(device);
    await policy.saveChild('second', undefined);
    await untilTold(uid, { state: 'blocked', code: 'sequence.child-missing' });
    await policy.saveChild('second', pointing('first'));
    const circle = await untilTold(uid, { state: 'blocked', code: 'sequence.cycle' });
    expect(circle?.message).toContain('sample > first > second > first');
    expect(await digests(device)).toEqual(before);
    await policy.saveChild('second', plain('B'));
    await untilTold(uid, { state: 'compiled' });
    expect(await digests(device)).not.toEqual(before);
  });

  it('does not look at what disabled nodes name', async () => {
    const steps: SequenceSpec['steps'] = [
      { sequence: 'nobody', disabled: true },
      { group: 'Off', disabled: true, steps: [{ sequence: 'nobody' }] },
    ];
    const { device, uid } = await deploy({ steps });
    await untilTold(uid, { state: 'compiled' });
    expect(await bodyOf(device)).not.toHaveProperty('children');
  });

  it('is refused when it is more than a computer can take: nodes, or bytes', async () => {
    const hundred = Array.from({ length: 101 }, () => plain('A').steps).flat();
    await policy.saveChild('hundred', { steps: hundred });
    const nodes = await deploy(pointing(...Array.from({ length: 1000 }, () => 'hundred')));
    await untilTold(nodes.uid, { state: 'blocked', code: 'sequence.too-many-steps' });

    const value = 'x'.repeat(4000);
    const large = Array.from({ length: 500 }, () => ({
      step: 'Set',
      type: 'SetTaskSequenceVariable',
      settings: { name: 'X', value },
    }));
    const names = Array.from({ length: 17 }, (_, n) => `large-${n}`);
    for (const name of names) await policy.saveChild(name, { steps: large });
    const bytes = await deploy(pointing(...names));
    const blocked = await untilTold(bytes.uid, { state: 'blocked', code: 'policy.body-too-large' });
    expect(blocked?.message).toContain('32 MB');
    expect([...(await digests(nodes.device)), ...(await digests(bytes.device))]).toEqual([]);
  });
});
