import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { Bus } from '@muster/messaging/bus.js';
import { until } from '@muster/testing/until.js';
import { Client } from 'minio';
import { ContentUnderTest, digestOf, ended, filesOf, Gate, sendAll } from './content-under-test.js';

describe('distribution under faults', () => {
  let content: ContentUnderTest;
  let gate: Gate;
  let worker: ChildProcess;

  beforeAll(async () => {
    content = await ContentUnderTest.start({
      // Long enough that a busy machine renews it in time: else a job begins anew that nobody had let go.
      MUSTER_TRANSFER_LEASE_SECONDS: '8',
      MUSTER_TRANSFER_SLOTS: '0',
    });
    gate = new Gate(Number(new URL(content.environment['MUSTER_DP_ENDPOINT']!).port));
    await gate.open();
    await content.applyPoint('healthy');
    await content.applyPoint('gated', gate.endpoint);
    worker = await content.startReplica();
  });

  afterAll(async () => {
    if (worker) await ended(worker, 'SIGKILL');
    await gate?.shut();
    await content?.stop();
  });

  it('says why a point cannot be reached, goes on with the others, and finishes when the point is back', async () => {
    await content.upload('patience', { a: randomBytes(5000) });
    await gate.shut();
    await content.apply('Distribution', 'distributions', 'patience', {
      package: 'patience',
      points: ['gated', 'healthy'],
    });
    const waiting = await content.untilProgress(
      'patience',
      ({ state, lastError }) => state === 'retrying' && !!lastError,
    );
    expect(waiting.lastError).toContain('connection was refused');
    await until(async () => (await content.progress('patience'))[1]?.state === 'available');
    expect((await content.progress('patience'))[0]?.state).not.toBe('available');
    await gate.open();
    const done = await content.untilProgress('patience', ({ state }) => state === 'available');
    expect(done.attempts).toBeGreaterThan(1);
    expect(done.lastError).toBeUndefined();
  });

  it('tells from a tampered blob of the library, shows nothing, and is mended by uploading the same files', async () => {
    const bytes = randomBytes(200_000);
    const plan = await content.upload('tampered', { 'image.wim': bytes });
    await flipOneBit(content.servers.site.layout.store, bytes);
    await content.apply('Distribution', 'distributions', 'tampered', { package: 'tampered', points: ['healthy'] });
    const refused = await content.untilProgress(
      'tampered',
      ({ state, lastError }) => state === 'retrying' && !!lastError,
    );
    expect(refused.lastError).toMatch(/library's copy of "image.wim" .* damaged/);
    await expect(content.app.get(Bus).request(locateContent, { manifest: plan.manifest })).rejects.toMatchObject({
      code: 'content.not-distributed',
    });
    const { body: repair } = await content.announce('tampered', filesOf({ 'image.wim': bytes }));
    expect(repair).toMatchObject({ version: 1, uploads: [{ digest: digestOf(bytes) }] });
    await sendAll(repair, [bytes]);
    expect((await content.commit('tampered', 1)).status).toBe(200);
    await content.untilProgress('tampered', ({ state }) => state === 'available');
  });

  it('loses nothing when a worker is killed in the middle: another one finishes what is left', async () => {
    const contents = await stuckInTheMiddle('killed');
    await ended(worker, 'SIGKILL');
    const before = gate.passedBytes;
    gate.allowedBytes = Infinity;
    worker = await content.startReplica();
    const done = await content.untilProgress('killed', ({ state }) => state === 'available');
    expect(done).toMatchObject({ attempts: 2, filesDone: 30, bytesDone: 3_000_000 });
    // What the first worker had brought was not brought again.
    expect(gate.passedBytes - before).toBeLessThan(2_500_000);
    const { locations } = await content.app.get(Bus).request(locateContent, { manifest: done.manifest });
    const found = await Promise.all(
      locations.map(async ({ urls }) => digestOf(Buffer.from(await (await fetch(urls[0]!)).arrayBuffer()))),
    );
    expect(found.sort()).toEqual(contents.map(digestOf).sort());
  });

  it('brings again with the next version what a point lost, and nothing else, without asking for each file', async () => {
    const files = Object.fromEntries(Array.from({ length: 700 }, (_, index) => [`f${index}`, randomBytes(300)]));
    await content.upload('shared', files);
    await content.apply('Distribution', 'distributions', 'shared', { package: 'shared', points: ['gated'] });
    await content.untilProgress('shared', ({ state }) => state === 'available');
    const lost = files['f7']!;
    const url = new URL(content.environment['MUSTER_DP_ENDPOINT']!);
    const point = new Client({
      endPoint: url.hostname,
      port: Number(url.port),
      useSSL: false,
      accessKey: content.environment['MUSTER_DP_ACCESS_KEY']!,
      secretKey: content.environment['MUSTER_DP_SECRET_KEY']!,
      region: 'us-east-1',
    });
    const hex = digestOf(lost).slice(7);
    await point.removeObject(content.environment['MUSTER_DP_BUCKET']!, `blobs/sha256/${hex.slice(0, 2)}/${hex}`);
    const before = gate.passedBytes;
    const plan = await content.upload('shared', { ...files, new: randomBytes(300) });
    const done = await content.untilProgress(
      'shared',
      ({ state, version }) => state === 'available' && version === plan.version,
    );
    const manifestBytes = (done.bytesMoved ?? 0) - 600;
    expect(manifestBytes).toBeGreaterThan(0);
    // 256 questions and three objects; 700 questions would be more.
    expect(gate.passedBytes - before - manifestBytes).toBeLessThan(300_000);
    const { locations } = await content.app
      .get(Bus)
      .request(locateContent, { manifest: plan.manifest, files: [digestOf(lost)] });
    expect((await fetch(locations[0]!.urls[0]!)).status).toBe(200);
  });

  it('makes the bucket of a new point, and never one again that vanished', async () => {
    const endpoint = await content.secondEndpoint();
    await content.applyPoint('new', endpoint, { bucket: 'not-made-yet' });
    await content.upload('first', { a: randomBytes(100) });
    await content.apply('Distribution', 'distributions', 'first', { package: 'first', points: ['new'] });
    await content.untilProgress('first', ({ state }) => state === 'available');
    await content.removeBucket(endpoint, 'not-made-yet');
    await content.upload('first', { a: randomBytes(100), b: randomBytes(100) });
    const lost = await content.untilProgress('first', ({ version, lastError }) => version === 2 && !!lastError);
    expect(lost.lastError).toContain('content.store-bucket-missing');
    await content.makeBucket(endpoint, 'not-made-yet');
    await content.untilProgress('first', ({ state, version }) => version === 2 && state === 'available');
  });

  it('gives its jobs back when it is stopped', async () => {
    await stuckInTheMiddle('stopped');
    expect(await ended(worker, 'SIGTERM')).toBe(0);
    expect((await content.progress('stopped'))[0]).toMatchObject({ state: 'pending', attempts: 0 });
    gate.allowedBytes = Infinity;
    worker = await content.startReplica();
    await content.untilProgress('stopped', ({ state }) => state === 'available');
  });

  it('starts before its stores do, and goes on when they come', async () => {
    const door = new Gate(Number(new URL(content.environment['MUSTER_LIBRARY_ENDPOINT']!).port));
    await door.open();
    await door.shut();
    const early = await content.startReplica({ MUSTER_LIBRARY_ENDPOINT: door.endpoint });
    await door.open();
    // It asks for its bucket.
    await until(() => door.passedBytes > 0);
    await door.shut();
    expect(await ended(early, 'SIGTERM')).toBe(0);
  });

  /** A Distribution whose worker has brought some of 30 files and waits for the store to take more. */
  async function stuckInTheMiddle(name: string): Promise<Buffer[]> {
    const contents = Array.from({ length: 30 }, () => randomBytes(100_000));
    await content.upload(name, Object.fromEntries(contents.map((bytes, index) => [`file-${index}`, bytes])));
    gate.allowedBytes = 1_900_000;
    await content.apply('Distribution', 'distributions', name, { package: name, points: ['gated'] });
    await content.untilProgress(name, ({ state, filesDone }) => state === 'transferring' && filesDone > 0);
    await until(() => gate.allowedBytes <= 0);
    return contents;
  }
});

/** Changes one bit on the disk of whatever file below a folder has exactly these bytes. */
async function flipOneBit(folder: string, bytes: Buffer): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile()) continue;
    const held = await readFile(path);
    if (!held.equals(bytes)) continue;
    held[1000]! ^= 1;
    await writeFile(path, held);
    return;
  }
  throw new Error('no file has these bytes');
}
