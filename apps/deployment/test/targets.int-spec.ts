import { deploymentJudged } from '@muster/contracts/events/deployment-judged.js';
import { membersChanged } from '@muster/contracts/events/members-changed.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { collection } from '@muster/contracts/kinds/collection.js';
import { deployment, type DeploymentPolicy } from '@muster/contracts/kinds/deployment.js';
import { device } from '@muster/contracts/kinds/device.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { findDeployments } from '@muster/contracts/requests/find-deployments.js';
import type { SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import { API_VERSION } from '@muster/contracts/resource.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { document } from './api.js';
import { digest, openWorld, type Collection, type Deployment, type Device, type World } from './world.js';

describe('who gets what', () => {
  let servers: TestServers;
  let world: World;
  let { api, sql, devices, byUid, enrol, revise } = {} as World;

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    ({ api, sql, devices, byUid, enrol, revise } = world);
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  const enrolled = async (name: string, uid?: string): Promise<Device> => {
    const deviceUid = await enrol(name, uid);
    await until(async () => (await byUid(deviceUid))?.status.enrolled === true);
    return (await byUid(deviceUid))!;
  };
  const members = async (name: string) => (await api.get<Collection>(`collections/${name}`)).status.members;
  const membersOf = async (name: string) =>
    (
      await sql.query<{ name: string }>(
        `select coalesce(device.name, device_uid::text) as name from collection_member
         join collection on collection.uid = collection_uid left join device on device.uid = device_uid
         where collection.name = $1 order by 1`,
        [name],
      )
    ).rows.map((row) => row.name);
  const changes = async (collectionUid: string) =>
    (
      await sql.query<{ payload: { added: string[]; removed: string[] } }>(
        `select payload from outbox where subject = $1 and payload ->> 'collectionUid' = $2 order by sequence`,
        [membersChanged.subject({ site: 'S01' }), collectionUid],
      )
    ).rows.map(({ payload: { added, removed } }) => ({ added, removed }));
  const tellSequence = async ({ uid, name, revision, digest: is, spec }: SequenceRevision) =>
    world.catalog.publish(resourceEvents(taskSequence).saved, {
      actor: 'test',
      resource: {
        apiVersion: API_VERSION,
        kind: 'TaskSequence',
        metadata: {
          name,
          uid,
          resourceVersion: '1',
          generation: revision,
          createdAt: '2026-11-21T00:00:00.000Z',
          updatedAt: '2026-11-21T00:00:00.000Z',
        },
        spec,
        status: { revision, digest: is, steps: 0, groups: 0 },
      },
    });

  describe('devices', () => {
    it('make their record by enrolling, under the uid that policy gave', async () => {
      const web = await enrolled('web-1');
      expect(web).toMatchObject({
        metadata: { name: 'web-1' },
        status: { enrolled: true, facts: { hostname: 'web-1' } },
      });
      expect(device.resource.safeParse(web).success).toBe(true);
    });

    it('get the next free name when theirs is taken', async () => {
      await enrolled('twin');
      expect((await enrolled('twin')).metadata.name).toBe('twin-2');
      expect((await enrolled('twin')).metadata.name).toBe('twin-3');
    });

    it('take over the record that waited for them, with its labels and collections', async () => {
      const waiting = await api.apply<Device>(
        'Device',
        'devices',
        'rack-7',
        { description: 'bottom' },
        { labels: { row: 'a' } },
      );
      expect(waiting.status.enrolled).toBe(false);
      const rack = await api.apply<Collection>('Collection', 'collections', 'racks', { rules: [{ device: 'rack-7' }] });
      const real = await enrolled('rack-7');
      expect(real).toMatchObject({
        metadata: { name: 'rack-7', labels: { row: 'a' } },
        spec: { description: 'bottom' },
        status: { enrolled: true },
      });
      expect(real.metadata.uid).not.toBe(waiting.metadata.uid);
      expect(await membersOf('racks')).toEqual(['rack-7']);
      expect(await changes(rack.metadata.uid)).toEqual([
        { added: [waiting.metadata.uid], removed: [] },
        { added: [real.metadata.uid], removed: [waiting.metadata.uid] },
      ]);
    });

    it('keep name, labels and description when they enrol again with a new key and new facts', async () => {
      const first = await enrolled('again');
      await api.apply('Device', 'devices', 'again', { description: 'mine' }, { labels: { team: 'x' } });
      await enrol('another-name', first.metadata.uid, { os: { versionId: '13' } });
      await until(async () => (await byUid(first.metadata.uid))?.status.facts?.os?.versionId === '13');
      expect(await byUid(first.metadata.uid)).toMatchObject({
        metadata: { name: 'again', labels: { team: 'x' } },
        spec: { description: 'mine' },
        status: { enrolled: true, facts: { hostname: 'another-name' } },
      });
      expect((await devices()).filter(({ metadata }) => metadata.name === 'another-name')).toEqual([]);
    });

    it('leave their collections when their record is deleted, and come back when they enrol again', async () => {
      const { metadata } = await enrolled('leaver');
      const made = await api.apply<Collection>('Collection', 'collections', 'leavers', {
        rules: [{ device: 'leaver' }],
      });
      expect(made.status.members).toBe(1);
      await api.call('DELETE', 'devices/leaver');
      expect(await members('leavers')).toBe(0);
      expect(await membersOf('all-devices')).not.toContain(metadata.uid);
      await enrolled('leaver', metadata.uid);
      expect(await membersOf('leavers')).toEqual(['leaver']);
      expect(await changes(made.metadata.uid)).toEqual([
        { added: [metadata.uid], removed: [] },
        { added: [], removed: [metadata.uid] },
        { added: [metadata.uid], removed: [] },
      ]);
    });
  });

  describe('collections', () => {
    it('have all devices in the built-in one, which nobody changes or deletes', async () => {
      await enrolled('everywhere');
      expect(await members('all-devices')).toBe((await devices()).length);
      const changed = await api.refused(
        'PUT',
        'collections/all-devices',
        document('Collection', 'all-devices', { rules: [] }),
      );
      expect(changed).toMatchObject({ status: 409, code: 'deployment.built-in' });
      expect(await api.refused('DELETE', 'collections/all-devices')).toMatchObject({
        status: 409,
        code: 'deployment.built-in',
      });
      const { body } = await api.call<Collection>('GET', 'collections/all-devices');
      expect((await api.call('PUT', 'collections/all-devices', body)).status).toBe(200);
    });

    it('name only devices that exist, and say which rule does not', async () => {
      await enrolled('known');
      const rules = [{ device: 'known' }, { device: 'nobody' }, { device: 'none' }];
      const problem = await api.refused('PUT', 'collections/wrong', document('Collection', 'wrong', { rules }));
      expect(problem).toMatchObject({ status: 400, code: 'deployment.missing-reference' });
      expect(problem.findings?.map(({ path }) => path)).toEqual(['/spec/rules/1/device', '/spec/rules/2/device']);
      expect((await api.call('GET', 'collections/wrong')).status).toBe(404);
    });

    it('keep quiet about a rule whose device went, and take its successor in', async () => {
      await enrolled('old-1');
      await enrolled('old-2');
      await api.apply('Collection', 'collections', 'quiet', { rules: [{ device: 'old-1' }, { device: 'old-2' }] });
      await api.call('DELETE', 'devices/old-1');
      const changed = await api.apply<Collection>('Collection', 'collections', 'quiet', {
        description: 'still fine',
        rules: [{ device: 'old-1' }, { device: 'old-2' }, { device: 'known' }],
      });
      expect(changed.status.members).toBe(2);
      await enrolled('old-1');
      expect(await membersOf('quiet')).toEqual(['known', 'old-1', 'old-2']);
    });

    it('tell only the difference when their rules change', async () => {
      const [a, b, c] = [await enrolled('diff-a'), await enrolled('diff-b'), await enrolled('diff-c')];
      const rules = (...names: string[]) => ({ rules: names.map((name) => ({ device: name })) });
      const made = await api.apply<Collection>(
        'Collection',
        'collections',
        'diff',
        rules('diff-a', 'diff-b', 'diff-a'),
      );
      await api.apply('Collection', 'collections', 'diff', rules('diff-b', 'diff-c'));
      await api.apply('Collection', 'collections', 'diff', rules('diff-c', 'diff-b'));
      const told = await changes(made.metadata.uid);
      expect(told.map(({ added }) => added.toSorted())).toEqual([
        [a.metadata.uid, b.metadata.uid].toSorted(),
        [],
        [c.metadata.uid],
      ]);
      expect(told.map(({ removed }) => removed)).toEqual([[], [a.metadata.uid], []]);
      expect(collection.resource.safeParse(await api.get('collections/diff')).success).toBe(true);
    });

    it('keep nothing of a dry run, and say what would have been', async () => {
      const dry = await api.call<Collection>(
        'PUT',
        'collections/maybe?dryRun=true',
        document('Collection', 'maybe', { rules: [{ allDevices: true }] }),
      );
      expect(dry.body.status.members).toBe((await devices()).length);
      expect((await api.call('GET', 'collections/maybe')).status).toBe(404);
      const left = await sql.query('select 1 from collection_member where collection_uid = $1', [
        dry.body.metadata.uid,
      ]);
      expect(left.rowCount).toBe(0);
    });

    it('miss no device that enrols while they are evaluated', async () => {
      const waiting = async (count: number) =>
        until(async () => (await sql.query('select 1 from pg_locks where not granted')).rowCount === count);
      // The device's record is written and its collections are not, when the collection is made.
      await sql.query('begin');
      await sql.query('lock table collection_member in share row exclusive mode');
      const uid = await enrol('racer');
      await waiting(1);
      const made = api.apply<Collection>('Collection', 'collections', 'race', { rules: [{ allDevices: true }] });
      await waiting(2);
      await sql.query('commit');
      expect((await made).status.members).toBe((await devices()).length);
      expect(await membersOf('race')).toContain('racer');
      expect(await byUid(uid)).toBeDefined();
    });

    it('know their size without counting', async () => {
      const drift = await sql.query(
        `select * from collection_size natural full join
           (select collection_uid, count(*) as counted from collection_member group by 1) as truth
         where members is distinct from coalesce(counted, 0)`,
      );
      expect(drift.rows).toEqual([]);
    });
  });

  describe('deployments', () => {
    it('stay with the revision that they name, and follow again when they name none', async () => {
      const first = revise('pinned', '1', 1);
      const spec = { sequence: 'pinned', collection: 'all-devices', purpose: 'Available' };
      const made = await api.apply<Deployment>('Deployment', 'deployments', 'stays', {
        ...spec,
        revision: first.digest,
      });
      const follower = await api.apply<Deployment>('Deployment', 'deployments', 'follows', spec);
      expect([made, follower].map(({ status }) => status.sequenceDigest)).toEqual([first.digest, first.digest]);
      const second = revise('pinned', '2', 2);
      await tellSequence(second);
      const digestNow = async (name: string) =>
        (await api.get<Deployment>(`deployments/${name}`)).status.sequenceDigest;
      await until(async () => (await digestNow('follows')) === second.digest);
      expect(await digestNow('stays')).toBe(first.digest);
      await api.apply('Deployment', 'deployments', 'stays', { ...spec, revision: second.digest });
      expect(await digestNow('stays')).toBe(second.digest);
      await api.apply('Deployment', 'deployments', 'stays', { ...spec, revision: first.digest });
      await api.apply('Deployment', 'deployments', 'stays', spec);
      expect(await digestNow('stays')).toBe(second.digest);
      const wrong = document('Deployment', 'stays', { ...spec, revision: digest('f') });
      expect(await api.refused('PUT', 'deployments/stays', wrong)).toMatchObject({
        code: 'deployment.missing-reference',
        findings: [{ path: '/spec/revision' }],
      });
    });

    const spec = (fields = {}) => ({ sequence: 'harden', collection: 'all-devices', purpose: 'Required', ...fields });

    beforeAll(() => {
      revise('harden', 'a');
    });

    it('point to the newest revision, and name a sequence and a collection that exist', async () => {
      const made = await api.apply<Deployment>('Deployment', 'deployments', 'first', spec());
      const all = (await devices()).length;
      expect(made.status).toEqual({
        sequenceDigest: digest('a'),
        devices: { targeted: all, waiting: all, running: 0, silent: 0, succeeded: 0, failed: 0 },
      });
      expect(deployment.resource.safeParse(await api.get('deployments/first')).success).toBe(true);
      for (const [wrong, path] of [
        [{ sequence: 'nothing' }, '/spec/sequence'],
        [{ collection: 'nobody' }, '/spec/collection'],
      ] as const) {
        const problem = await api.refused('PUT', 'deployments/wrong', document('Deployment', 'wrong', spec(wrong)));
        expect(problem).toMatchObject({ status: 400, code: 'deployment.missing-reference', findings: [{ path }] });
      }
    });

    it('change in everything but sequence and collection', async () => {
      revise('other', 'b');
      await api.apply('Deployment', 'deployments', 'fixed', spec());
      const moved = await api.refused(
        'PUT',
        'deployments/fixed',
        document('Deployment', 'fixed', spec({ sequence: 'other' })),
      );
      expect(moved).toMatchObject({ status: 409, code: 'deployment.immutable' });
      const edited = await api.apply<Deployment>('Deployment', 'deployments', 'fixed', spec({ purpose: 'Available' }));
      expect(edited.metadata.generation).toBe(2);
      const times = { availableAt: '2026-12-01T00:00:00Z', expiresAt: '2026-11-01T00:00:00Z' };
      expect(await api.refused('PUT', 'deployments/fixed', document('Deployment', 'fixed', spec(times)))).toMatchObject(
        {
          status: 400,
          code: 'deployment.never-runs',
        },
      );
    });

    it('keep their collection from being deleted, and say so by name', async () => {
      await api.apply('Collection', 'collections', 'held', { rules: [] });
      await api.apply('Deployment', 'deployments', 'holder', spec({ collection: 'held' }));
      const problem = await api.refused('DELETE', 'collections/held');
      expect(problem).toMatchObject({ status: 409, code: 'deployment.collection-in-use' });
      expect(problem.detail).toContain('"holder"');
      await api.call('DELETE', 'deployments/holder');
      expect((await api.call('DELETE', 'collections/held')).status).toBe(200);
    });

    it('follow their sequence to its next revision, each with one fact', async () => {
      revise('moving', 'c');
      for (const name of ['move-1', 'move-2'])
        await api.apply('Deployment', 'deployments', name, spec({ sequence: 'moving' }));
      await tellSequence(revise('moving', 'd', 2));
      const digests = async () =>
        Promise.all(
          ['move-1', 'move-2'].map(
            async (name) => (await api.get<Deployment>(`deployments/${name}`)).status.sequenceDigest,
          ),
        );
      await until(async () => (await digests()).every((one) => one === digest('d')));
      const facts = await sql.query<{ digest: string }>(
        `select payload #>> '{resource,status,sequenceDigest}' as digest from outbox
         where subject = $1 and payload #>> '{resource,metadata,name}' = 'move-1' order by sequence`,
        [resourceEvents(deployment).saved.subject({ site: 'S01' })],
      );
      expect(facts.rows.map((row) => row.digest)).toEqual([digest('c'), digest('d')]);
    });

    it('are told to whoever asks for those of a sequence: the first names and how many', async () => {
      revise('asked', '9');
      for (const name of ['ask-b', 'ask-a', 'ask-c'])
        await api.apply('Deployment', 'deployments', name, spec({ sequence: 'asked' }));
      const ask = (sequence: string) => world.catalog.bus.request(findDeployments, { sequence, limit: 2 });
      expect(await ask('asked')).toEqual({ names: ['ask-a', 'ask-b'], total: 3 });
      expect(await ask('nobody-deploys-it')).toEqual({ names: [], total: 0 });
    });

    it('do not fall back when the fact of an old revision comes after they saw a newer one', async () => {
      const old = revise('late', 'e');
      revise('late', 'f', 2);
      await api.apply('Deployment', 'deployments', 'late', spec({ sequence: 'late' }));
      await tellSequence(old);
      await tellSequence(revise('late-marker', 'a'));
      await until(
        async () => (await sql.query(`select 1 from sequence_head where name = 'late-marker'`)).rowCount === 1,
      );
      expect((await api.get<Deployment>('deployments/late')).status.sequenceDigest).toBe(digest('f'));
    });

    it('say what policy made of them, with one fact for each change', async () => {
      const { metadata } = await api.apply<Deployment>('Deployment', 'deployments', 'judged', spec());
      const judge = (policy: DeploymentPolicy) =>
        world.policy.publish(deploymentJudged, { deploymentUid: metadata.uid, policy });
      const said = async () => (await api.get<Deployment>('deployments/judged')).status.policy;
      expect(await said()).toBeUndefined();
      const blocked = { state: 'blocked', code: 'sequence.child-missing', message: 'no "child"' } as const;
      await judge(blocked);
      await judge(blocked);
      await until(async () => (await said())?.state === 'blocked');
      expect(await said()).toEqual(blocked);
      await judge({ state: 'compiled' });
      await until(async () => (await said())?.state === 'compiled');
      // A change of the deployment is no reason to forget it.
      const edited = await api.apply<Deployment>('Deployment', 'deployments', 'judged', spec({ purpose: 'Available' }));
      expect(edited.status.policy).toEqual({ state: 'compiled' });
      const facts = await sql.query<{ state: string | null }>(
        `select payload #>> '{resource,status,policy,state}' as state from outbox
         where subject = $1 and payload #>> '{resource,metadata,name}' = 'judged' order by sequence`,
        [resourceEvents(deployment).saved.subject({ site: 'S01' })],
      );
      expect(facts.rows.map((row) => row.state)).toEqual([null, 'blocked', 'compiled', 'compiled']);
    });
  });
});
