import { deploymentJudged } from '@muster/contracts/events/deployment-judged.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { askPermit } from '@muster/contracts/requests/ask-permit.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { v7 as uuidv7 } from 'uuid';
import { LockHolders } from './lock-holders.js';
import { type Deployment, digest, openWorld, type World } from './world.js';

type Digest = `sha256:${string}`;

/**
 * Facts of many deployments are applied together. Who saves a deployment, gives a permit or looks for silent devices meanwhile takes the
 * deployment, its rollout and its permits in this order: facts that take them in another one wait in a circle, which Postgres ends with an error.
 */
describe('what facts change of deployments with rollouts', () => {
  let servers: TestServers;
  let world: World;
  let holders: LockHolders;
  const devices: string[] = [];

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    holders = await LockHolders.connect(world, servers);
    world.revise('tale', 'a');
    for (const name of ['one', 'two']) devices.push(await world.enrol(name));
    await until(async () => (await world.devices()).length === devices.length);
  });

  afterEach(async () => {
    await holders.release();
  });

  afterAll(async () => {
    await holders?.end();
    await world?.close();
    await servers?.stop();
  });

  /** A deployment with a rollout that has begun. */
  async function deploy(name: string): Promise<string> {
    const spec = {
      sequence: 'tale',
      collection: 'all-devices',
      purpose: 'Required',
      rollout: { groups: [{ name: 'all' }] },
    };
    const { uid } = (await world.api.apply<Deployment>('Deployment', 'deployments', name, spec)).metadata;
    await tellBody(uid, 'b');
    await until(() => world.applied());
    return uid;
  }

  const tellBody = (deploymentUid: string, letter: string) =>
    world.policy.publish(deploymentJudged, {
      deploymentUid,
      policy: { state: 'compiled', code: `policy.${letter}`, message: letter },
      body: digest(letter) as Digest,
    });

  function saveSequence(letter: string) {
    const { spec, revision, digest: newest } = world.revise('tale', letter, 2);
    const now = new Date().toISOString();
    return world.catalog.publish(resourceEvents(taskSequence).saved, {
      resource: {
        apiVersion: 'muster/v1',
        kind: 'TaskSequence',
        metadata: { name: 'tale', uid: uuidv7(), resourceVersion: '1', generation: 1, createdAt: now, updatedAt: now },
        spec,
        status: { revision, digest: newest, steps: 0, groups: 0 },
      },
      actor: 'anna',
    });
  }

  async function permit(deploymentUid: string, deviceUid: string) {
    const runId = uuidv7();
    const question = { deviceUid, deploymentUid, body: digest('b') as Digest, runId };
    expect(await world.policy.bus.request(askPermit, question)).toMatchObject({ granted: true });
    return { runId, deviceUid, deploymentUid };
  }

  it('takes a deployment before its rollout, also when a run ends before policy says something of it', async () => {
    const uid = await deploy('ended-and-judged');
    const run = await permit(uid, devices[0]!);
    await holders.publishTogether(
      () => holders.tellRun(run, true),
      () => tellBody(uid, 'c'),
    );
    await holders.holder.query('begin');
    await holders.takeRow('deployment', 'uid', uid);
    await holders.other.query('commit');
    await until(() => holders.waitsIn('deployment'));
    // As whoever saves the deployment does next.
    await holders.takeRow('rollout', 'deployment_uid', uid);
  });

  it('takes a rollout before permits of which something was heard', async () => {
    const uid = await deploy('heard-and-ended');
    const [heard, ended] = [await permit(uid, devices[0]!), await permit(uid, devices[1]!)];
    await holders.publishTogether(
      () => holders.tellRun(heard, false),
      () => holders.tellRun(ended, true),
    );
    await holders.holder.query('begin');
    await holders.takeRow('rollout', 'deployment_uid', uid);
    await holders.other.query('commit');
    await until(() => holders.waitsIn('rollout'));
    // As whoever gives a permit again, or looks for silent devices, does next.
    await holders.takeRow('start_permit', 'run_uid', heard.runId);
  });

  it('takes several deployments in the order of their names, whatever is told of them first', async () => {
    const [first, second] = [await deploy('a-first'), await deploy('b-second')];
    await holders.publishTogether(
      () => tellBody(second, 'c'),
      () => tellBody(first, 'c'),
    );
    await holders.holder.query('begin');
    await holders.takeRow('deployment', 'uid', first);
    await holders.other.query('commit');
    await until(() => holders.waitsIn('deployment'));
    await holders.takeRow('deployment', 'uid', second);
  });

  it('lets a new revision of a sequence reach its deployments in that order, too, behind the lock of membership', async () => {
    // The later name has the earlier row.
    const [second, first] = [await deploy('d-second'), await deploy('c-first')];
    await holders.holder.query('begin');
    await holders.takeRow('deployment', 'uid', first);
    await saveSequence('d');
    await until(() => holders.waitsIn('deployment'));
    await holders.takeRow('deployment', 'uid', second);
  });

  it('lets facts that come to change membership do so, though a new revision waits for deployments that they have', async () => {
    const uid = await deploy('judged-and-enrolled');
    const key = `hashtextextended('deployment.membership', 0)`;
    // As facts of policy: they hold membership, have what they change, and one of them changes membership. Nobody is to be waited for: a circle
    // would end after a second, at the expense of the other side.
    await holders.holder.query(`begin; set local lock_timeout = '500ms'; select pg_advisory_xact_lock_shared(${key})`);
    await holders.takeRow('deployment', 'uid', uid);
    await saveSequence('e');
    await until(async () => (await holders.waitsIn('deployment')) || (await holders.waitsIn('pg_advisory_xact_lock')));
    await holders.holder.query(`select pg_advisory_xact_lock(${key})`);
  });
});
