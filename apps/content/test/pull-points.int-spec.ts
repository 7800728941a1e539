import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DistributionProgress } from '@muster/contracts/kinds/distribution.js';
import { until } from '@muster/testing/until.js';
import { ContentUnderTest, Gate } from './content-under-test.js';

const BYTES = 400_000;

describe('a point that pulls from others', () => {
  let content: ContentUnderTest;
  /** Ways to the second store: what comes back over one was read at that point. */
  const gates = new Map<string, Gate>();

  beforeAll(async () => {
    content = await ContentUnderTest.start();
    const second = await content.secondEndpoint();
    for (const name of ['near', 'far']) {
      const gate = new Gate(Number(new URL(second).port));
      await gate.open();
      gates.set(name, gate);
      await content.makeBucket(second, `point-${name}`);
      await content.applyPoint(name, gate.endpoint, { bucket: `point-${name}` });
    }
  });
  afterAll(async () => {
    for (const gate of gates.values()) await gate.shut();
    await content?.stop();
  });

  const pulling = (name: string, ...pullFrom: object[]) => content.applyOwnPoint(name, { pullFrom });
  const distribute = (name: string, ...points: string[]) =>
    content.apply('Distribution', 'distributions', name, { package: name, points });
  const at = async (name: string, point: string): Promise<DistributionProgress | undefined> =>
    (await content.progress(name)).find((one) => one.point === point);
  const untilAt = (name: string, ...points: string[]) =>
    until(async () => {
      const states = await Promise.all(points.map(async (point) => (await at(name, point))?.state));
      return states.every((state) => state === 'available');
    });
  const readAt = async (name: string, action: () => Promise<unknown>): Promise<number> => {
    const before = gates.get(name)!.returnedBytes;
    await action();
    return gates.get(name)!.returnedBytes - before;
  };

  it('waits until one of them has a version, and gets it from there as soon as it does', async () => {
    await pulling('first', { point: 'near' });
    await content.upload('awaited', { a: randomBytes(BYTES) });
    await distribute('awaited', 'first');
    await until(async () => (await at('awaited', 'first'))?.state === 'retrying');
    expect((await at('awaited', 'first'))?.lastError).toBe(
      'waits until one of the points that it pulls from has this version: "near"',
    );
    const read = await readAt('near', async () => {
      await distribute('awaited', 'first', 'near');
      await untilAt('awaited', 'first', 'near');
    });
    expect(read).toBeGreaterThan(BYTES);
    expect((await at('awaited', 'first'))?.attempts).toBe(1);
  });

  it('does not miss that one gets a version just while it looks', async () => {
    await pulling('racing', { point: 'near' });
    const names = Array.from({ length: 15 }, (_, index) => `race-${index}`);
    for (const name of names) {
      await content.upload(name, { a: randomBytes(100) });
      await distribute(name, 'near', 'racing');
    }
    // Far sooner than it looks again by itself.
    for (const name of names) await untilAt(name, 'near', 'racing');
  });

  it('asks those of the lowest number first, and the next when they have it not, and can be one of them itself', async () => {
    await pulling('second', { point: 'far', priority: 2 }, { point: 'near', priority: 1 });
    await pulling('third', { point: 'second' });
    await content.upload('ordered', { a: randomBytes(BYTES) });
    await distribute('ordered', 'near', 'far');
    await untilAt('ordered', 'near', 'far');
    const fromFar = await readAt('far', async () => {
      const fromNear = await readAt('near', async () => {
        await distribute('ordered', 'near', 'far', 'second', 'third');
        await untilAt('ordered', 'second', 'third');
      });
      expect(fromNear).toBeGreaterThan(BYTES);
    });
    expect(fromFar).toBeLessThan(BYTES);

    await content.upload('elsewhere', { a: randomBytes(BYTES) });
    await distribute('elsewhere', 'far');
    await untilAt('elsewhere', 'far');
    const next = await readAt('far', async () => {
      await distribute('elsewhere', 'far', 'second');
      await untilAt('elsewhere', 'second');
    });
    expect(next).toBeGreaterThan(BYTES);
  });

  it('takes no wrong bytes from them, and has them repaired', async () => {
    const bytes = randomBytes(BYTES);
    await content.upload('spoilt', { a: bytes });
    await distribute('spoilt', 'far');
    await untilAt('spoilt', 'far');
    await spoil(content.storeFolders()[1]!, bytes);
    await pulling('careful', { point: 'far' });
    await distribute('spoilt', 'far', 'careful');
    await untilAt('spoilt', 'careful');
    expect((await at('spoilt', 'careful'))?.attempts).toBeGreaterThan(1);
    const { body } = await content.ask<{ points: { point: string; repaired: number }[] }>(
      'GET',
      '/distributions/spoilt/copies',
    );
    expect(body.points.find(({ point }) => point === 'far')?.repaired).toBe(1);
  });

  it('names other points that are there, and those stay as long as it names them', async () => {
    await expect(pulling('lost', { point: 'nowhere' })).rejects.toThrow('/spec/pullFrom/0/point');
    await expect(pulling('own', { point: 'own' })).rejects.toThrow('there is no other DistributionPoint');
    await content.applyOwnPoint('source');
    await pulling('dependent', { point: 'source' });
    const { status, body } = await content.ask('DELETE', '/distribution-points/source');
    expect([status, body.code]).toEqual([409, 'content.point-in-use']);
  });
});

/** Makes a stored object other bytes than it was. */
async function spoil(folder: string, bytes: Buffer): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !(await readFile(path)).equals(bytes)) continue;
    const wrong = Buffer.from(bytes);
    wrong[BYTES / 2]! ^= 1;
    return writeFile(path, wrong);
  }
  throw new Error('no such object');
}
