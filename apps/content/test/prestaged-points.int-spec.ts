import { randomBytes } from 'node:crypto';
import type { DistributionProgress } from '@muster/contracts/kinds/distribution.js';
import type { PrestagedContentPlan } from '@muster/contracts/kinds/prestaged-content.js';
import { until } from '@muster/testing/until.js';
import { ContentUnderTest, sendAll } from './content-under-test.js';

describe('a prestaged point', () => {
  let content: ContentUnderTest;

  beforeAll(async () => {
    content = await ContentUnderTest.start({ MUSTER_AUDIT_SLOTS: '0' });
    await content.applyOwnPoint('ordinary');
    await content.applyOwnPoint('prestaged', { prestaged: true });
  });
  afterAll(async () => content?.stop());

  type Files = Record<string, Buffer>;
  const some = (): Files => ({ a: randomBytes(5000), b: randomBytes(100) });
  const distribute = (name: string) =>
    content.apply('Distribution', 'distributions', name, { package: name, points: ['ordinary', 'prestaged'] });

  const upload = (name: string, files: Files, onPrestagedPoints?: string) =>
    content.upload(name, files, onPrestagedPoints === undefined ? {} : { onPrestagedPoints });

  /** Brings a version to the prestaged point by hand. */
  async function carry(manifest: string, files: Files): Promise<void> {
    const path = '/distribution-points/prestaged/prestaged-content';
    const { body } = await content.ask<PrestagedContentPlan>('POST', path, { manifest });
    await sendAll(body, Object.values(files));
    expect((await content.ask('POST', `${path}/commit`, { manifest })).status).toBe(200);
  }

  const at = async (name: string, point: string): Promise<DistributionProgress[]> =>
    (await content.progress(name)).filter((one) => one.point === point);
  const untilAt = (name: string, point: string, version: number) =>
    until(async () => (await at(name, point)).some((one) => one.version === version && one.state === 'available'));
  const waiting = async (name: string) =>
    (await at(name, 'prestaged')).map(({ version, state, waitsFor }) => [version, state, waitsFor?.slice(0, 22)]);
  const byHand = (version: number) => [version, 'pending', 'the point is prestaged'];

  it('gets by itself what says nothing else', async () => {
    await upload('usual', some());
    await distribute('usual');
    await untilAt('usual', 'prestaged', 1);
  });

  it('gets what comes by hand only from a prestaged file, or when it is redistributed', async () => {
    const files = some();
    const { manifest } = await upload('manual', files, 'Manual');
    await distribute('manual');
    // An ordinary point gets it as ever.
    await untilAt('manual', 'ordinary', 1);
    expect(await waiting('manual')).toEqual([byHand(1)]);
    await carry(manifest, files);
    await untilAt('manual', 'prestaged', 1);
    const [carried] = await at('manual', 'prestaged');
    expect(carried!.bytesMoved).toBeLessThan(1000);

    await upload('manual', some(), 'Manual');
    await untilAt('manual', 'ordinary', 2);
    expect((await waiting('manual'))[0]).toEqual(byHand(2));
    await content.ask('POST', '/distributions/manual/redistribute', { points: ['prestaged'] });
    await untilAt('manual', 'prestaged', 2);
  });

  it('gets changes by itself once a version came by hand, but not one that was made before that', async () => {
    const first = some();
    const { manifest } = await upload('changing', first, 'ChangesOnly');
    await distribute('changing');
    await untilAt('changing', 'ordinary', 1);
    await upload('changing', some(), 'ChangesOnly');
    await untilAt('changing', 'ordinary', 2);
    // The file of version 1 arrives when version 2 is there already.
    await carry(manifest, first);
    await untilAt('changing', 'prestaged', 1);
    expect(await waiting('changing')).toEqual([byHand(2), [1, 'available', undefined]]);

    await upload('changing', some(), 'ChangesOnly');
    await untilAt('changing', 'prestaged', 3);
  });

  it('counts what was carried before anything was to come', async () => {
    const files = some();
    const { manifest } = await upload('early', files, 'Manual');
    await carry(manifest, files);
    await distribute('early');
    await untilAt('early', 'prestaged', 1);
  });

  it('does not get over the line what came by hand, when it is another store from now on', async () => {
    const point = (bucket: string) => content.applyOwnPoint('moving', { prestaged: true, bucket });
    await content.makeBucket(await content.secondEndpoint(), 'point-elsewhere');
    await point('point-moving');
    const files = some();
    await upload('stays', files, 'Manual');
    await content.apply('Distribution', 'distributions', 'stays', { package: 'stays', points: ['moving'] });
    await content.ask('POST', '/distributions/stays/redistribute', { points: ['moving'] });
    await untilAt('stays', 'moving', 1);
    await point('point-elsewhere');
    const [moved] = await at('stays', 'moving');
    expect([moved!.state, moved!.waitsFor?.slice(0, 22)]).toEqual(['pending', 'the point is prestaged']);
  });

  it('gets what waits as soon as the content, or the point, says otherwise', async () => {
    for (const name of ['loosened', 'left']) {
      await upload(name, some(), 'Manual');
      await distribute(name);
      await untilAt(name, 'ordinary', 1);
      expect(await waiting(name)).toEqual([byHand(1)]);
    }
    await content.apply('Package', 'packages', 'loosened', {});
    await untilAt('loosened', 'prestaged', 1);
    expect(await waiting('left')).toEqual([byHand(1)]);
    await content.applyOwnPoint('prestaged', { prestaged: false });
    await untilAt('left', 'prestaged', 1);
  });
});
