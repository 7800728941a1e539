import type { ChildProcess } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import type { DistributionProgress } from '@muster/contracts/kinds/distribution.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { workQueue } from '@muster/contracts/subjects.js';
import { Bus } from '@muster/messaging/bus.js';
import { WorkQueue } from '@muster/messaging/work-queue.js';
import { until } from '@muster/testing/until.js';
import { ContentUnderTest, digestOf, ended, Gate } from './content-under-test.js';

const PACKAGES = 10;
const FILES = 12;
const FILE_BYTES = 60_000;
const ROUNDS = 10;

describe('several content workers', () => {
  let content: ContentUnderTest;
  let gate: Gate;
  const workers: ChildProcess[] = [];

  beforeAll(async () => {
    content = await ContentUnderTest.start({
      MUSTER_TRANSFER_LEASE_SECONDS: '3',
      MUSTER_TRANSFER_SLOTS: '0',
      MUSTER_AUDIT_SLOTS: '0',
    });
    gate = new Gate(Number(new URL(content.environment['MUSTER_DP_ENDPOINT']!).port));
    await gate.open();
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => ended(worker, 'SIGKILL')));
    await gate?.shut();
    await content?.stop();
  });

  const closed = { schedule: [{ from: '00:00', to: '00:00', priorities: [] }] };
  const all = async (names: readonly string[]): Promise<DistributionProgress[]> =>
    (await Promise.all(names.map((name) => content.progress(name)))).flat();

  const streams = async () => (await content.app.get(Bus).jetstreamManager()).streams;
  const stream = () => workQueue('content', 'transfers', content.servers.site.siteCode).stream;
  const countTickets = async () => (await (await streams()).info(stream())).state.messages;
  const deleteQueue = async () => void (await (await streams()).delete(stream()));

  it('share the work, and killing any of them loses nothing and doubles nothing', async () => {
    await content.applyPoint('shared', gate.endpoint, { transfers: { concurrency: 3, ...closed } });
    const names = Array.from({ length: PACKAGES }, (_, index) => `work-${index}`);
    const contents = new Map<string, Buffer[]>();
    const manifests = new Map<string, string>();
    for (const name of names) {
      const files = Array.from({ length: FILES }, () => randomBytes(FILE_BYTES));
      contents.set(name, files);
      const plan = await content.upload(name, Object.fromEntries(files.map((bytes, index) => [`f${index}`, bytes])));
      manifests.set(name, plan.manifest);
      await content.apply('Distribution', 'distributions', name, { package: name, points: ['shared'] });
    }
    workers.push(
      await content.startReplica({ MUSTER_AUDIT_SLOTS: '2' }),
      await content.startReplica({ MUSTER_AUDIT_SLOTS: '2' }),
    );
    const before = gate.passedBytes;
    await content.applyPoint('shared', gate.endpoint, { transfers: { concurrency: 3 } });

    let most = 0;
    const look = async () => {
      const progress = await all(names);
      most = Math.max(most, progress.filter(({ state }) => state === 'transferring').length);
      return progress;
    };
    for (let kill = 0; kill < 2; kill += 1) {
      // The bytes stop in the middle of something: that is where a worker dies.
      gate.allowedBytes = randomInt(400_000, 1_500_000);
      await until(async () => {
        await look();
        return gate.allowedBytes <= 0;
      });
      const victim = randomInt(workers.length);
      await ended(workers[victim]!, 'SIGKILL');
      // Before the bytes flow again: else the others are done before there is anybody to kill.
      workers[victim] = await content.startReplica({ MUSTER_AUDIT_SLOTS: '2' });
      // What stands still would stand until the stores' clients give up.
      await gate.shut();
      gate.allowedBytes = Infinity;
      // The queue is gone in the middle of it, too.
      if (kill === 1) await deleteQueue();
      await gate.open();
    }
    // Then there are more tickets than work.
    const queue = new WorkQueue(content.app.get(Bus), 'content', 'transfers', 3);
    await Promise.all(Array.from({ length: 20 }, () => queue.offer()));
    await until(async () => (await look()).filter(({ state }) => state === 'available').length === PACKAGES);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(3);
    const progress = await all(names);
    expect(progress).toHaveLength(PACKAGES);
    for (const one of progress) {
      expect(one).toMatchObject({ filesDone: FILES, bytesDone: FILES * FILE_BYTES, files: FILES });
    }
    // What was brought and recorded is not brought again: at most what was under way at each kill.
    const total = PACKAGES * FILES * FILE_BYTES;
    const again = gate.passedBytes - before - total;
    process.stdout.write(`${total} bytes, ${again} more over the wire in spite of 2 kills; at most ${most} at once\n`);
    expect(again).toBeLessThan(2 * 3 * FILES * FILE_BYTES);
    // Those that found nothing are used up too.
    await until(async () => (await countTickets()) === 0);
    for (const name of names) {
      const { locations } = await content.app.get(Bus).request(locateContent, { manifest: manifests.get(name)! });
      const found = await Promise.all(
        locations.map(async ({ urls }) => digestOf(Buffer.from(await (await fetch(urls[0]!)).arrayBuffer()))),
      );
      expect(found.sort()).toEqual(contents.get(name)!.map(digestOf).sort());
    }
  });

  it('go on when their queue is deleted under them, again and again', async () => {
    await content.applyPoint('lasting');
    for (let round = 0; round < ROUNDS; round += 1) {
      const name = `lasting-${round}`;
      await content.upload(name, { a: randomBytes(10_000) });
      const given = content.apply('Distribution', 'distributions', name, { package: name, points: ['lasting'] });
      await deleteQueue().catch(() => undefined);
      await given;
      await content.untilProgress(name, ({ state }) => state === 'available');
    }
  });

  it('go on when the bus is killed and has lost everything', async () => {
    await content.applyPoint('surviving', undefined, { transfers: { concurrency: 2 } });
    const names = Array.from({ length: 6 }, (_, index) => `surviving-${index}`);
    for (const name of names) await content.upload(name, { a: randomBytes(200_000) });
    await Promise.all(
      names.map((name) =>
        content.apply('Distribution', 'distributions', name, { package: name, points: ['surviving'] }),
      ),
    );
    await content.servers.wipeBus();
    await until(async () => (await all(names)).every(({ state }) => state === 'available'));
    expect(await all(names)).toHaveLength(names.length);
    // The queue is there again, and gets empty.
    await until(async () => (await countTickets().catch(() => undefined)) === 0);
  });

  it('carry what is more important first, and hold to the rate of a point', async () => {
    const limited = { concurrency: 1, bytesPerSecond: 200_000 };
    await content.applyPoint('narrow', undefined, { transfers: { ...limited, ...closed } });
    for (const priority of ['low', 'medium', 'high']) {
      await content.upload(`of-${priority}`, { a: randomBytes(150_000), b: randomBytes(150_000) });
      await content.apply('Distribution', 'distributions', `of-${priority}`, {
        package: `of-${priority}`,
        points: ['narrow'],
        priority,
      });
    }
    const began = Date.now();
    await content.applyPoint('narrow', undefined, { transfers: limited });
    const names = ['of-high', 'of-medium', 'of-low'];
    await until(async () => (await all(names)).every(({ state }) => state === 'available'));
    const ends = (await all(names)).map(({ updatedAt }) => Date.parse(updatedAt));
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
    // Of each 300,000 bytes, all but the first piece wait for their turn.
    expect(Date.now() - began).toBeGreaterThan(3 * 500);
  });
});
