import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { until } from '@muster/testing/until.js';
import { ContentUnderTest, ended, Gate } from './content-under-test.js';

const SHARED_BYTES = 8_000_000;
const OWN_BYTES = 300_000;
/** What signing, lists of files and answers of stores cost over the wire. */
const OVERHEAD_BYTES = 100_000;

describe('two transfers to one point that have bytes in common', () => {
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
    workers.push(await content.startReplica(), await content.startReplica());
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => ended(worker, 'SIGKILL')));
    await gate?.shut();
    await content?.stop();
  });

  const closed = { schedule: [{ from: '00:00', to: '00:00', priorities: [] }] };

  /** Packages that share a large file, on their way to a point that takes nothing yet. */
  async function prepare(point: string, count: number): Promise<string[]> {
    await content.applyPoint(point, gate.endpoint, { transfers: closed });
    const shared = randomBytes(SHARED_BYTES);
    const names = Array.from({ length: count }, (_, index) => `${point}-${index}`);
    for (const name of names) {
      await content.upload(name, { shared, own: randomBytes(OWN_BYTES) });
      await content.apply('Distribution', 'distributions', name, { package: name, points: [point] });
    }
    return names;
  }
  const open = (point: string) => content.applyPoint(point, gate.endpoint, { transfers: { concurrency: 4 } });
  const states = async (names: readonly string[]) =>
    (await Promise.all(names.map((name) => content.progress(name)))).flat().map(({ state }) => state);
  const untilAll = (names: readonly string[]) =>
    until(async () => (await states(names)).every((state) => state === 'available'));

  it('send them once', async () => {
    const names = await prepare('once', 3);
    const before = gate.passedBytes;
    await open('once');
    await untilAll(names);
    const unique = SHARED_BYTES + 3 * OWN_BYTES;
    const sent = gate.passedBytes - before;
    process.stdout.write(`${sent} bytes over the wire for ${unique} different ones\n`);
    expect(sent).toBeGreaterThan(unique);
    expect(sent).toBeLessThan(unique + OVERHEAD_BYTES);
    for (const name of names) {
      expect((await content.progress(name))[0]).toMatchObject({
        filesDone: 2,
        bytesDone: SHARED_BYTES + OWN_BYTES,
        attempts: 1,
      });
    }
  });

  it('do not wait for a worker that was killed while it sent them', async () => {
    const names = await prepare('killed', 2);
    gate.allowedBytes = SHARED_BYTES / 2;
    await open('killed');
    await until(() => gate.allowedBytes <= 0);
    await Promise.all(workers.map((worker) => ended(worker, 'SIGKILL')));
    await gate.shut();
    gate.allowedBytes = Infinity;
    await gate.open();
    const before = gate.passedBytes;
    workers.splice(0, 2, await content.startReplica(), await content.startReplica());
    await untilAll(names);
    expect(gate.passedBytes - before).toBeLessThan(SHARED_BYTES + 2 * OWN_BYTES + OVERHEAD_BYTES);
  });

  describe('of which one is slow', () => {
    const SLOW_SHARED_BYTES = 3_000_000;
    const WAITS = 'waits for another transfer';

    /** A transfer that takes half a minute is under way; another one has bytes in common with it, and little else. */
    async function begin(point: string, priorities: { slow: string; quick: string }): Promise<void> {
      await content.applyPoint(point, gate.endpoint, { transfers: { concurrency: 4, bytesPerSecond: 1_000_000 } });
      const shared = randomBytes(SLOW_SHARED_BYTES);
      const [slow, quick] = [`${point}-slow`, `${point}-quick`];
      const distribute = (name: string, priority: string) =>
        content.apply('Distribution', 'distributions', name, { package: name, points: [point], priority });
      // Both are uploaded before anything travels: the second one shall not come too late.
      await content.upload(slow, { shared, own: randomBytes(27_000_000) });
      await content.upload(quick, { shared, own: randomBytes(1000) });
      await distribute(slow, priorities.slow);
      await content.untilProgress(slow, ({ state }) => state === 'transferring');
      await distribute(quick, priorities.quick);
    }
    const slowIs = async (point: string) => (await content.progress(`${point}-slow`))[0]!.state;

    it('do not wait for the rest of it', async () => {
      await begin('rest', { slow: 'medium', quick: 'medium' });
      await content.untilProgress('rest-quick', ({ lastError }) => lastError?.startsWith(WAITS) === true);
      const { bytesMoved } = await content.untilProgress('rest-quick', ({ state }) => state === 'available');
      expect(await slowIs('rest')).toBe('transferring');
      expect(bytesMoved).toBeLessThan(SLOW_SHARED_BYTES);
    });

    it('do not wait at all when they are more urgent', async () => {
      await begin('urgent', { slow: 'low', quick: 'high' });
      await content.untilProgress('urgent-quick', ({ state, lastError }) => {
        if (lastError !== undefined) throw new Error(lastError);
        return state === 'available';
      });
      expect(await slowIs('urgent')).toBe('transferring');
    });
  });
});
