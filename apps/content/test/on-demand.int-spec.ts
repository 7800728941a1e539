import { randomBytes } from 'node:crypto';
import type { Digest } from '@muster/contracts/digest.js';
import type { DistributionSpec } from '@muster/contracts/kinds/distribution.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { resolveContent } from '@muster/contracts/requests/resolve-content.js';
import type { Resource } from '@muster/contracts/resource.js';
import { Bus } from '@muster/messaging/bus.js';
import { until } from '@muster/testing/until.js';
import { ContentUnderTest } from './content-under-test.js';

const BERLIN = '10.1.0.7';
const PARIS = '10.2.0.7';

describe('content that comes on demand', () => {
  let content: ContentUnderTest;

  beforeAll(async () => {
    content = await ContentUnderTest.start();
    for (const name of ['berlin', 'paris', 'shop']) await content.applyPoint(name);
    const group = (name: string, spec: object) => content.apply('BoundaryGroup', 'boundary-groups', name, spec);
    await group('in-berlin', { addresses: ['10.1.0.0/16'], points: ['berlin'] });
    await group('in-paris', { addresses: ['10.2.0.0/16'], points: ['paris'], neighbours: [{ group: 'in-berlin' }] });
    await group('in-shops', { addresses: ['10.3.0.0/16'], points: ['shop'] });
  });
  afterAll(async () => content?.stop());

  const upload = (name: string, spec: object = { onDemand: true }) =>
    content.upload(name, { a: randomBytes(2000) }, spec);
  const locate = (manifest: Digest, address: string) =>
    content.app.get(Bus).request(locateContent, { manifest, address });
  const problemOf = (manifest: Digest, address: string) =>
    locate(manifest, address).then(
      () => undefined,
      (error: Error & { code: string }) => `${error.code}: ${error.message}`,
    );
  const distributionOf = async (name: string) =>
    (await content.ask<Resource<DistributionSpec>>('GET', `/distributions/${name}`)).body;
  const newestOf = async (name: string) => {
    const { packages } = await content.app.get(Bus).request(resolveContent, { packages: [name] });
    return packages[0]?.distributed?.version;
  };

  it('is at no point until a device asks, and then comes to the points of its boundary groups', async () => {
    const { manifest } = await upload('asked');
    expect(await newestOf('asked')).toBe(1);
    expect(await problemOf(manifest, BERLIN)).toMatch(/^content\.on-its-way: .* is on its way to "berlin"/);
    const { spec } = await distributionOf('asked');
    expect(spec).toEqual({ package: 'asked', points: ['berlin'], priority: 'high' });
    await content.untilProgress('asked', ({ state }) => state === 'available');
    expect((await locate(manifest, BERLIN)).sources).toEqual([
      { point: 'berlin', reason: 'current boundary group in-berlin' },
    ]);
    // A later version goes where the one before was asked for.
    await upload('asked');
    await content.untilProgress('asked', ({ state, version }) => state === 'available' && version === 2);
  });

  it('is fetched from a neighbour meanwhile, where there is one', async () => {
    const { manifest } = await upload('near');
    await problemOf(manifest, BERLIN);
    await content.untilProgress('near', ({ state }) => state === 'available');
    expect((await locate(manifest, PARIS)).sources?.map(({ point }) => point)).toEqual(['berlin']);
    await until(async () => (await locate(manifest, PARIS)).sources?.[0]?.point === 'paris');
    expect((await distributionOf('near')).spec.points).toEqual(['berlin', 'paris']);
  });

  it('is sent once, however many devices ask at the same time', async () => {
    const { manifest } = await upload('crowded');
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, index) => problemOf(manifest, `10.1.1.${index % 250}`)),
    );
    expect(new Set(answers.map((answer) => answer?.split(':')[0]))).toEqual(new Set(['content.on-its-way']));
    const made = await distributionOf('crowded');
    expect([made.metadata.generation, made.spec.points]).toEqual([1, ['berlin']]);
  });

  it('comes to both places when devices of two ask at the same time', async () => {
    const { manifest } = await upload('twice');
    await Promise.all([problemOf(manifest, BERLIN), problemOf(manifest, '10.3.0.7')]);
    expect((await distributionOf('twice')).spec.points?.toSorted()).toEqual(['berlin', 'shop']);
  });

  it('comes to all places when devices of very many ask at the same time, and no device hears of a conflict', async () => {
    const offices = Array.from({ length: 40 }, (_, index) => index);
    for (const office of offices) {
      await content.applyPoint(`office-${office}`);
      const spec = { addresses: [`10.4.${office}.0/24`], points: [`office-${office}`] };
      await content.apply('BoundaryGroup', 'boundary-groups', `in-office-${office}`, spec);
    }
    const { manifest } = await upload('everywhere');
    // The groups are known to the service by then.
    await until(async () => (await problemOf(manifest, '10.4.39.7'))?.startsWith('content.on-its-way') === true);
    const answers = await Promise.all(offices.map((office) => problemOf(manifest, `10.4.${office}.7`)));
    const named = answers.map((answer) => /^content\.on-its-way: .* on its way to "(.*)"/.exec(answer ?? '')?.[1]);
    expect(named.slice(0, -1)).toEqual(offices.slice(0, -1).map((office) => `office-${office}`));
    expect((await distributionOf('everywhere')).spec.points).toHaveLength(offices.length);
  });

  it('says of an older version not that it is on its way: what comes is the newest', async () => {
    const { manifest } = await upload('aged');
    await problemOf(manifest, BERLIN);
    await content.untilProgress('aged', ({ state }) => state === 'available');
    const newer = await upload('aged');
    await content.untilProgress('aged', ({ state, version }) => state === 'available' && version === 2);
    expect(await problemOf(manifest, '10.3.0.7')).toMatch(/^content\.no-near-point/);
    await until(async () => (await distributionOf('aged')).spec.points?.includes('shop') === true);
    await until(async () => (await problemOf(newer.manifest, '10.3.0.7')) === undefined);
  });

  it('is added to what its Distribution says already, and to no Distribution of something else', async () => {
    const { manifest } = await upload('spread');
    const distribute = (spec: object) => content.apply('Distribution', 'distributions', 'spread', spec);
    await distribute({ package: 'asked', points: ['berlin'] });
    expect(await problemOf(manifest, BERLIN)).toMatch(/^content\.not-distributed/);
    await distribute({ package: 'spread', points: ['paris'], priority: 'low' });
    await until(async () => (await problemOf(manifest, BERLIN))?.startsWith('content.on-its-way') === true);
    const { spec } = await distributionOf('spread');
    expect(spec).toEqual({ package: 'spread', points: ['paris', 'berlin'], priority: 'low' });
  });

  it('comes nowhere when it does not say so, and not to points where it comes by hand', async () => {
    const { manifest } = await upload('still', {});
    expect(await newestOf('still')).toBeUndefined();
    expect(await problemOf(manifest, BERLIN)).toMatch(/^content\.not-distributed/);
    await content.applyPoint('shop', undefined, { prestaged: true });
    const carried = await upload('carried', { onDemand: true, onPrestagedPoints: 'Manual' });
    expect(await problemOf(carried.manifest, '10.3.0.7')).toMatch(/^content\.not-distributed/);
  });
});
