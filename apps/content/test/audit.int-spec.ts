import { randomBytes } from 'node:crypto';
import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import type { DistributionActionResult, DistributionCopies } from '@muster/contracts/kinds/distribution.js';
import { checkCopies } from '@muster/contracts/requests/check-copies.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { fromStruct, type ProtobufStruct } from '@muster/service/resources/protobuf-json.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { until } from '@muster/testing/until.js';
import { ContentUnderTest, digestOf, sendAll, type UploadPlan } from './content-under-test.js';
import { storedFiles } from './stored-files.js';

describe('the audit of stored objects', () => {
  let content: ContentUnderTest;

  beforeAll(async () => {
    content = await ContentUnderTest.start();
    await content.applyOwnPoint('east');
    await content.applyOwnPoint('west');
  });
  afterAll(async () => content?.stop());

  const copies = async (name: string) =>
    (await content.ask<{ points: DistributionCopies[] }>('GET', `/distributions/${name}/copies`)).body.points;
  const act = (name: string, what: string, points?: string[]) =>
    content.ask<DistributionActionResult>('POST', `/distributions/${name}/${what}`, points ? { points } : {});
  const settled = async (name: string) =>
    until(async () => (await copies(name)).every(({ waiting, bad }) => waiting === 0 && bad === 0));

  async function distribute(name: string, files: Record<string, Buffer>, points = ['east', 'west']) {
    const plan = await content.upload(name, files);
    await content.apply('Distribution', 'distributions', name, { package: name, points });
    await until(
      async () => (await content.progress(name)).filter(({ state }) => state === 'available').length === points.length,
    );
    return plan;
  }

  it('and what was carried to a point are controlled over gRPC as over REST; bytes go by the URLs of the answers', async () => {
    const bytes = randomBytes(3000);
    const { manifest } = await content.upload('typed', { file: bytes });
    const address = `127.0.0.1:${content.environment['MUSTER_GRPC_PORT']}`;
    const client = (service: string) => grpcClient('content', service, address, content.token);
    const [prestage, actions, sources] = [
      client('PrestagedContentService'),
      client('DistributionActionService'),
      client('ContentSourceService'),
    ];
    try {
      const wanted = { point: 'east', manifest };
      const plan = await prestage.call<UploadPlan>('Plan', wanted);
      expect(plan).toMatchObject({ uploads: [{ digest: digestOf(bytes), size: 3000 }] });
      await expect(prestage.call('Commit', wanted)).rejects.toThrow('does not have "file"');
      await sendAll(plan, [bytes]);
      expect(await prestage.call('Commit', wanted)).toEqual({ blobs: 1 });
      expect(await prestage.call('Plan', wanted)).toMatchObject({ there: 1 });
      await expect(prestage.call('Plan', { point: 'east', manifest: 'x' })).rejects.toMatchObject({ code: 3 });
      await content.apply('Distribution', 'distributions', 'typed', { package: 'typed', points: ['east', 'west'] });
      await until(async () => (await content.progress('typed')).every(({ state }) => state === 'available'));
      expect(await actions.call('Validate', { name: 'typed', points: ['west'] })).toMatchObject({ copies: 2 });
      expect(await actions.call('Redistribute', { name: 'typed' })).toMatchObject({ copies: 4 });
      await until(async () => {
        const { points } = await actions.call<{ points: DistributionCopies[] }>('ReadCopies', { name: 'typed' });
        return points.length === 2 && points.every(({ waiting = 0 }) => waiting === 0);
      });
      await expect(actions.call('Cancel', { name: 'typed', points: ['nowhere'] })).rejects.toMatchObject({ code: 3 });
      const explained = await sources.call<{ sources: ProtobufStruct }>('Explain', {
        name: 'typed',
        address: '10.0.0.1',
      });
      const { body } = await content.ask('GET', '/packages/typed/sources?address=10.0.0.1');
      expect(fromStruct(explained.sources)).toEqual(body);
      await expect(sources.call('Explain', { name: 'typed', address: 'here' })).rejects.toMatchObject({ code: 3 });
    } finally {
      for (const one of [prestage, actions, sources]) one.close();
    }
  });

  it('repairs what was cut off or has vanished from the disk', async () => {
    const contents = [randomBytes(5000), randomBytes(5000), randomBytes(5000)];
    await distribute('cut', Object.fromEntries(contents.map((bytes, index) => [`f${index}`, bytes])));
    const files = await storedFiles(content);
    await truncate(files.get(digestOf(contents[0]!))![0]!, 100);
    await rm(files.get(digestOf(contents[1]!))![1]!);
    await truncate(files.get(digestOf(contents[2]!))![2]!, 0);
    await act('cut', 'validate');
    await settled('cut');
    await until(async () => {
      const after = await storedFiles(content);
      return contents.every((bytes) => after.get(digestOf(bytes))?.length === 3);
    });
  });

  it('sends nobody to a copy that it cannot repair, says so, and repairs it when the files are uploaded again', async () => {
    const bytes = randomBytes(9000);
    const plan = await distribute('hopeless', { image: bytes }, ['east']);
    for (const path of (await storedFiles(content)).get(digestOf(bytes))!) {
      const damaged = await readFile(path);
      damaged[10]! ^= 8;
      await writeFile(path, damaged);
    }
    const { accepted } = await content.app.get(Bus).request(checkCopies, {
      faults: [
        { manifest: plan.manifest, digest: digestOf(bytes), point: 'east', problem: 'wrong-bytes' },
        { manifest: plan.manifest, digest: digestOf(bytes), point: 'unheard-of', problem: 'missing' },
      ],
    });
    expect(accepted).toBe(1);
    await until(async () => (await copies('hopeless'))[0]?.bad === 1);
    expect((await copies('hopeless'))[0]?.problem).toMatch(/not repaired: .*library/);
    expect((await content.progress('hopeless'))[0]?.badCopies).toBe(1);
    await expect(content.app.get(Bus).request(locateContent, { manifest: plan.manifest })).rejects.toMatchObject({
      code: 'content.no-good-copy',
    });
    // The library's copy is found out when the audit tries to repair from it.
    await until(
      async () =>
        (await content.announce('hopeless', [{ path: 'image', digest: digestOf(bytes), size: bytes.length }])).body
          .uploads.length === 1,
    );
    await content.upload('hopeless', { image: bytes });
    await act('hopeless', 'validate');
    await settled('hopeless');
    expect((await content.app.get(Bus).request(locateContent, { manifest: plan.manifest })).locations).toHaveLength(1);
  });

  it('writes everything again when asked to redistribute, while agents go on being served', async () => {
    const bytes = randomBytes(4000);
    const plan = await distribute('again', { a: bytes });
    const before = (await storedFiles(content)).get(digestOf(bytes))!;
    expect((await act('again', 'redistribute', ['west'])).body).toEqual({ copies: 2, transfers: 0 });
    expect((await content.app.get(Bus).request(locateContent, { manifest: plan.manifest })).locations).toHaveLength(1);
    await settled('again');
    await until(async () => (await storedFiles(content)).get(digestOf(bytes))!.some((path) => !before.includes(path)));
    expect((await copies('again')).find(({ point }) => point === 'west')?.repaired).toBe(2);
    expect(await act('again', 'validate', ['nowhere'])).toMatchObject({
      status: 400,
      body: { code: 'content.missing-reference' },
    });
    expect((await act('nothing', 'validate')).status).toBe(404);
  });

  it('reads a point again by itself as often as the point says, and repairs what rotted meanwhile', async () => {
    const bytes = randomBytes(4000);
    const file = digestOf(bytes);
    const database = content.app.get(Database);
    await content.applyOwnPoint('often', { audit: { everyHours: 2 } });
    await distribute('watched', { file: bytes }, ['often']);
    const hoursUntilRead = async () => {
      const [copy] = await database.query<{ hours: string }>(
        'select extract(epoch from check_due_at - proven_at) / 3600 as hours from point_blob where digest = $1',
        [file],
      );
      return Number(copy?.hours);
    };
    expect(await hoursUntilRead()).toBeCloseTo(2, 3);
    const copiesOnDisk = (await storedFiles(content)).get(file)!;
    await writeFile(copiesOnDisk.at(-1)!, randomBytes(4000));
    // Two hours go by.
    await database.query(
      `update point_blob set proven_at = proven_at - interval '2 hours', check_due_at = check_due_at - interval '2 hours'
       where digest = $1`,
      [file],
    );
    await until(async () => (await storedFiles(content)).get(file)?.length === 2);
    await until(async () => (await hoursUntilRead()) > 1.9);
    expect(await hoursUntilRead()).toBeCloseTo(2, 3);
    expect(await copies('watched')).toMatchObject([{ bad: 0, waiting: 0 }]);
  });

  it('holds to the rate of a point, and lets no other point wait for it', async () => {
    const files = { a: randomBytes(150_000), b: randomBytes(150_000) };
    await content.applyOwnPoint('narrow');
    await distribute('slowly', files, ['narrow', 'west']);
    await content.applyOwnPoint('narrow', { transfers: { bytesPerSecond: 200_000 } });
    const began = performance.now();
    await act('slowly', 'redistribute');
    const settledAt = (point: string) =>
      until(async () => (await copies('slowly')).find((one) => one.point === point)?.waiting === 0).then(
        () => performance.now() - began,
      );
    const [wide, narrow] = await Promise.all([settledAt('west'), settledAt('narrow')]);
    // 300,000 bytes are written and read back; the first piece of each copy passes at once.
    expect(narrow).toBeGreaterThan(1_500);
    expect(wide).toBeLessThan(narrow);
  });

  it('leaves a point alone while its schedule is closed, but for what people ask for', async () => {
    await content.applyOwnPoint('asleep');
    await distribute('quiet', { a: randomBytes(3000) }, ['asleep', 'west']);
    await content.applyOwnPoint('asleep', {
      transfers: { schedule: [{ from: '00:00', to: '00:00', priorities: ['high'] }] },
    });
    await act('quiet', 'validate');
    await settled('quiet');
    await act('quiet', 'redistribute');
    const waitingAt = async (point: string) => (await copies('quiet')).find((one) => one.point === point)?.waiting;
    await until(async () => (await waitingAt('west')) === 0);
    expect(await waitingAt('asleep')).toBe(2);
    await content.applyOwnPoint('asleep');
    await settled('quiet');
  });

  it('cancels what is under way, and says who did', async () => {
    await content.applyOwnPoint('shut', { transfers: { schedule: [{ from: '00:00', to: '00:00', priorities: [] }] } });
    await content.upload('cancelled', { a: randomBytes(100) });
    await content.apply('Distribution', 'distributions', 'cancelled', { package: 'cancelled', points: ['shut'] });
    expect((await act('cancelled', 'cancel')).body).toEqual({ copies: 0, transfers: 1 });
    expect((await content.progress('cancelled'))[0]).toMatchObject({ state: 'failed', lastError: 'cancelled by test' });
    await content.applyOwnPoint('shut');
    await act('cancelled', 'redistribute');
    await content.untilProgress('cancelled', ({ state }) => state === 'available');
  });
});
