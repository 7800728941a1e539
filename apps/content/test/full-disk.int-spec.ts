import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { mayMount, SmallDisk } from '@muster/testing/small-disk.js';
import { until } from '@muster/testing/until.js';
import { ContentUnderTest, filesOf, SecondStore, sendAll } from './content-under-test.js';

const describeOnDisk = mayMount() ? describe : describe.skip;
const MEGABYTE = 1024 * 1024;
const keys = { accessKeyId: 'FULLDISKKEY', secretAccessKey: 'full-disk-secret-of-tests' };

describeOnDisk('content on disks that fill', () => {
  let content: ContentUnderTest;
  let libraryDisk: SmallDisk;
  let pointDisk: SmallDisk;
  let point: SecondStore;
  /** The first thing that was begun ends last, whatever did not begin: no disk stays mounted. */
  const ends: (() => void | Promise<void>)[] = [];

  beforeAll(async () => {
    libraryDisk = SmallDisk.mount(32 * MEGABYTE);
    ends.unshift(() => libraryDisk.unmount());
    pointDisk = SmallDisk.mount(16 * MEGABYTE);
    ends.unshift(() => pointDisk.unmount());
    const library = await SecondStore.start(keys, join(libraryDisk.folder, 'store'));
    ends.unshift(() => library.stop());
    content = await ContentUnderTest.start({
      MUSTER_LIBRARY_ENDPOINT: library.endpoint,
      MUSTER_LIBRARY_ACCESS_KEY: keys.accessKeyId,
      MUSTER_LIBRARY_SECRET_KEY: keys.secretAccessKey,
    });
    ends.unshift(() => content.stop());
    const { MUSTER_DP_ACCESS_KEY: accessKeyId = '', MUSTER_DP_SECRET_KEY: secretAccessKey = '' } = content.environment;
    point = await SecondStore.start({ accessKeyId, secretAccessKey }, join(pointDisk.folder, 'store'));
    ends.unshift(() => point.stop());
    await content.makeBucket(point.endpoint, 'small');
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  it('shows no version while the library has no room for it; the same upload goes on when there is some', async () => {
    const files = { first: randomBytes(MEGABYTE), second: randomBytes(2 * MEGABYTE) };
    await content.apply('Package', 'packages', 'library-full', {});
    const { body: plan } = await content.announce('library-full', filesOf(files));
    libraryDisk.fill(1.5 * MEGABYTE);
    await expect(sendAll(plan, Object.values(files))).rejects.toThrow(/^507 .*InsufficientStorage/s);
    const early = await content.commit('library-full', plan.version);
    expect([early.status, early.body.code]).toEqual([409, 'content.blob-mismatch']);
    expect(early.body.detail).toContain('"second" was not uploaded');
    const { status } = await content.ask('GET', `/packages/library-full/versions/${plan.version}/manifest`);
    expect(status).toBe(404);

    libraryDisk.free();
    const { body: rest } = await content.announce('library-full', filesOf(files));
    expect([rest.version, rest.uploads.map(({ size }) => size)]).toEqual([plan.version, [2 * MEGABYTE]]);
    await sendAll(rest, Object.values(files));
    expect((await content.commit('library-full', rest.version)).status).toBe(200);
  });

  it('tells that the disk of a point is full, holds up no other point, and goes on by itself when there is room', async () => {
    await content.applyPoint('small', point.endpoint, { bucket: 'small' });
    await content.applyOwnPoint('roomy');
    pointDisk.fill(1.5 * MEGABYTE);
    await content.upload('point-full', { first: randomBytes(MEGABYTE), second: randomBytes(2 * MEGABYTE) });
    await content.apply('Distribution', 'distributions', 'point-full', {
      package: 'point-full',
      points: ['small', 'roomy'],
    });
    const found = async (name: string) => (await content.progress('point-full')).find((one) => one.point === name);
    await until(async () => (await found('small'))?.lastError?.includes('content.store-disk-full') === true);
    await until(async () => (await found('roomy'))?.state === 'available');
    expect((await found('small'))?.state).not.toBe('available');

    pointDisk.free();
    await until(async () => (await found('small'))?.state === 'available');
  });
});
