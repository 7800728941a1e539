import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DistributionPointStatus } from '@muster/contracts/kinds/distribution-point.js';
import type { PackageStatus } from '@muster/contracts/kinds/package.js';
import type { Problem } from '@muster/contracts/problem.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { Bus } from '@muster/messaging/bus.js';
import { until } from '@muster/testing/until.js';
import { ContentUnderTest } from './content-under-test.js';

describe('removing content from points', () => {
  let content: ContentUnderTest;

  beforeAll(async () => {
    content = await ContentUnderTest.start({
      MUSTER_REMOVE_AFTER_MINUTES: '0',
      MUSTER_KEEP_OLD_VERSIONS_HOURS: '0',
    });
    await content.applyOwnPoint('attic');
    await content.applyPoint('local');
    await content.applyPoint('twin');
  });
  afterAll(async () => content?.stop());

  /** Whether a store has an object with these bytes: the second one, or that of the site, which has the library. */
  async function isStored(bytes: Buffer, where: 'second' | 'site' = 'second'): Promise<boolean> {
    const folder = content.storeFolders()[where === 'site' ? 0 : 1]!;
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const held = await readFile(join(entry.parentPath, entry.name)).catch(() => Buffer.alloc(0));
      if (held.equals(bytes)) return true;
    }
    return false;
  }

  async function distribute(name: string, files: Record<string, Buffer>, points: string[]) {
    await content.upload(name, files);
    await content.apply('Distribution', 'distributions', name, { package: name, points });
    await until(async () => {
      const progress = await content.progress(name);
      return progress.length === points.length && progress.every(({ state }) => state === 'available');
    });
  }

  const pending = async (point: string) => {
    const { body } = await content.ask<{ status: DistributionPointStatus }>('GET', `/distribution-points/${point}`);
    return body.status.removalPending ?? 0;
  };

  it('takes away what nothing else at the point needs, and keeps what something does', async () => {
    const [own, shared] = [randomBytes(3000), randomBytes(3000)];
    await distribute('leaving', { own, shared }, ['attic', 'local']);
    await distribute('staying', { shared, more: randomBytes(10) }, ['attic']);
    expect([await isStored(own), await isStored(shared)]).toEqual([true, true]);
    await content.apply('Distribution', 'distributions', 'leaving', { package: 'leaving', points: ['local'] });
    await until(async () => !(await isStored(own)));
    expect(await isStored(shared)).toBe(true);
    await until(async () => (await pending('attic')) === 0);

    expect((await content.ask('DELETE', '/distributions/staying')).status).toBe(200);
    await until(async () => !(await isStored(shared)));
    // It can come again.
    await content.apply('Distribution', 'distributions', 'leaving', { package: 'leaving', points: ['local', 'attic'] });
    await until(async () => (await content.progress('leaving')).every(({ state }) => state === 'available'));
    expect([await isStored(own), await isStored(shared)]).toEqual([true, true]);
  });

  it('lets points go of a version once the next one is there, and of nothing that the next one has too', async () => {
    const [old, both, next] = [randomBytes(3000), randomBytes(3000), randomBytes(3000)];
    await distribute('aging', { old, both }, ['attic']);
    await content.upload('aging', { both, next });
    await content.untilProgress('aging', ({ state, version }) => state === 'available' && version === 2);
    await until(async () => !(await isStored(old)));
    expect([await isStored(both), await isStored(next)]).toEqual([true, true]);
    // The library has every version.
    expect(await isStored(old, 'site')).toBe(true);
  });

  it('lets points keep a version as long as devices are told of it', async () => {
    const [old, next] = [randomBytes(3000), randomBytes(3000)];
    await distribute('wanted', { old }, ['attic']);
    const [first] = await content.progress('wanted');
    content.told.set(first!.manifest, ['blocked-for-weeks']);
    await content.upload('wanted', { next });
    await content.untilProgress('wanted', ({ state, version }) => state === 'available' && version === 2);
    // What is older than nothing that is told goes meanwhile: the removal has been at work since.
    const signal = randomBytes(3000);
    await distribute('signal-of-age', { signal }, ['attic']);
    await content.upload('signal-of-age', { newer: randomBytes(100) });
    await until(async () => !(await isStored(signal)));
    expect(await isStored(old)).toBe(true);
    const located = await content.app.get(Bus).request(locateContent, { manifest: first!.manifest });
    expect(located.locations).toHaveLength(1);

    content.told.delete(first!.manifest);
    await until(async () => !(await isStored(old)));
    expect(await isStored(next)).toBe(true);
  });

  it('takes from the library what no version has any more, and keeps what one has', async () => {
    const [only, shared] = [randomBytes(3000), randomBytes(3000)];
    await content.upload('going', { only, shared });
    await content.upload('remaining', { shared });
    expect((await content.ask('DELETE', '/packages/going')).status).toBe(200);
    await until(async () => !(await isStored(only, 'site')));
    expect(await isStored(shared, 'site')).toBe(true);
    // It can come again.
    const { uploads } = await content.upload('remaining', { shared, only });
    expect(uploads).toHaveLength(1);
    expect(await isStored(only, 'site')).toBe(true);
  });

  describe('one version alone', () => {
    interface Listed {
      version: number;
      state: string;
      deletedBy?: string;
      author: string;
    }
    const versions = async (name: string) =>
      (await content.ask<{ items: Listed[] }>('GET', `/packages/${name}/versions`)).body.items;
    const remove = (name: string, version: number, query = '') =>
      content.ask<Problem & { points: string[]; bytes: number }>(
        'DELETE',
        `/packages/${name}/versions/${version}${query}`,
      );
    const findingsOf = ({ body }: { body: Problem }) => [body.code, body.findings?.map(({ path }) => path)];

    it('goes from its points and the library, stays in the list, and its number is not given again', async () => {
      const [old, both, next] = [randomBytes(3000), randomBytes(3000), randomBytes(3000)];
      await distribute('single', { old, both }, ['attic']);
      const [first] = await content.progress('single');
      content.told.set(first!.manifest, ['pilot']);
      await content.upload('single', { both, next });
      await content.untilProgress('single', ({ state, version }) => state === 'available' && version === 2);

      const refused = await remove('single', 1);
      expect([refused.status, ...findingsOf(refused)]).toEqual([409, 'content.version-in-use', ['Deployment/pilot']]);
      // Told of no more, yet kept by the point as long as the removal has not looked again: deleted by hand before.
      content.told.delete(first!.manifest);
      const tried = await remove('single', 1, '?dryRun=true');
      expect([tried.status, tried.body.bytes]).toEqual([200, 6000]);
      expect((await versions('single')).map(({ state }) => state)).toEqual(['available', 'available']);
      expect((await remove('single', 1)).status).toBe(200);
      await until(async () => !(await isStored(old)) && !(await isStored(old, 'site')));
      expect([await isStored(both), await isStored(both, 'site')]).toEqual([true, true]);
      const [, deleted] = await versions('single');
      expect(deleted).toMatchObject({ version: 1, state: 'deleted', deletedBy: expect.any(String) });
      expect(findingsOf(await remove('single', 1))).toEqual(['content.unknown-version', undefined]);
    });

    it('is refused while a Distribution brings it, and the one before is the newest afterwards', async () => {
      await distribute('newest', { a: randomBytes(100) }, ['attic']);
      await content.upload('newest', { b: randomBytes(100) });
      await content.untilProgress('newest', ({ state, version }) => state === 'available' && version === 2);
      expect(findingsOf(await remove('newest', 2))).toEqual(['content.version-in-use', ['Distribution/newest']]);
      expect((await content.ask('DELETE', '/distributions/newest')).status).toBe(200);
      expect((await remove('newest', 2)).status).toBe(200);
      const { body } = await content.ask<{ status: PackageStatus }>('GET', '/packages/newest');
      expect(body.status.newestVersion).toBe(1);
      expect((await content.upload('newest', { c: randomBytes(100) })).version).toBe(3);
      expect((await versions('newest')).map(({ version, state }) => [version, state])).toEqual([
        [3, 'available'],
        [2, 'deleted'],
        [1, 'available'],
      ]);
    });
  });

  it('takes nothing from the library that somebody announces meanwhile', async () => {
    const bytes = randomBytes(3000);
    for (let round = 0; round < 6; round += 1) {
      await content.upload(`passing-${round}`, { bytes, own: randomBytes(100) });
      await content.ask('DELETE', `/packages/passing-${round}`);
      // Now the next one comes while the removal is at it, now when it has just been.
      if (round % 2 === 1) await until(async () => !(await isStored(bytes, 'site')));
    }
    await distribute('lasting', { bytes }, ['attic']);
    expect([await isStored(bytes), await isStored(bytes, 'site')]).toEqual([true, true]);
  });

  it('takes nothing away from a bucket in which another point needs it', async () => {
    const bytes = randomBytes(3000);
    await distribute('both', { bytes }, ['local', 'twin']);
    await content.apply('Distribution', 'distributions', 'both', { package: 'both', points: ['twin'] });
    const moved = { a: randomBytes(100) };
    await distribute('signal', moved, ['attic']);
    await content.ask('DELETE', '/distributions/signal');
    await until(async () => !(await isStored(moved.a)));
    // The removal has been at work since: had it taken the object, validating would have to repair it.
    await content.ask('POST', '/distributions/both/validate', {});
    const copies = async () =>
      (await content.ask<{ points: { waiting: number; repaired: number }[] }>('GET', '/distributions/both/copies')).body
        .points;
    await until(async () => (await copies()).every(({ waiting }) => waiting === 0));
    expect((await copies()).map(({ repaired }) => repaired)).toEqual([0]);
  });

  it('ends in the right state when content is wanted and withdrawn all the time', async () => {
    const bytes = randomBytes(3000);
    await distribute('restless', { bytes }, ['attic', 'local']);
    for (let turn = 0; turn < 20; turn += 1) {
      const points = turn % 2 === 0 ? ['local'] : ['local', 'attic'];
      await content.apply('Distribution', 'distributions', 'restless', { package: 'restless', points });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(async () => (await content.progress('restless')).every(({ state }) => state === 'available'));
    await until(async () => isStored(bytes));
    await until(async () => {
      const { body } = await content.ask<{ points: { waiting: number; bad: number }[] }>(
        'GET',
        '/distributions/restless/copies',
      );
      return body.points.length === 2 && body.points.every(({ waiting, bad }) => waiting === 0 && bad === 0);
    });
    expect(await isStored(bytes)).toBe(true);
  });
});
