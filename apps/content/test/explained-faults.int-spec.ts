import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { Bus } from '@muster/messaging/bus.js';
import { until } from '@muster/testing/until.js';
import { ContentUnderTest } from './content-under-test.js';
import { FaultyProxy, type Misbehaviour } from './stores/faulty-proxy.js';

/** What people read of a point that does not do its work: the sentence, and the code behind which docs/errors.md has more. */
describe('a distribution to a point that', () => {
  let content: ContentUnderTest;
  let proxy: FaultyProxy;

  beforeAll(async () => {
    content = await ContentUnderTest.start();
    proxy = await FaultyProxy.before(await content.secondEndpoint());
  });
  afterAll(async () => {
    await proxy?.stop();
    await content?.stop();
  });

  /** Distributes something new to a point, which is made; answers what is said of it when it did not get there. */
  async function said(point: string, extra: object, endpoint?: string): Promise<string> {
    // A proxy that damages what is written would keep its bucket from being made.
    if (endpoint === proxy.endpoint) await content.makeBucket(await content.secondEndpoint(), `point-${point}`);
    await content.applyPoint(point, endpoint ?? (await content.secondEndpoint()), {
      bucket: `point-${point}`,
      ...extra,
    });
    await content.upload(point, { 'image.wim': randomBytes(100_000) });
    await content.apply('Distribution', 'distributions', point, { package: point, points: [point] });
    const { lastError } = await content.untilProgress(
      point,
      (progress) => progress.state === 'retrying' && !!progress.lastError,
    );
    return lastError!;
  }

  async function addKeys(name: string, change: { accessKeyId?: string; secretAccessKey?: string }): Promise<void> {
    const file = content.environment['MUSTER_POINT_CREDENTIALS_FILE']!;
    const keys = JSON.parse(await readFile(file, 'utf8')) as Record<string, object>;
    const { MUSTER_DP_ACCESS_KEY: accessKeyId, MUSTER_DP_SECRET_KEY: secretAccessKey } = content.environment;
    await writeFile(file, JSON.stringify({ ...keys, [name]: { accessKeyId, secretAccessKey, ...change } }));
  }

  it('has an access key that the store does not know says which, and goes on by itself when it is mended', async () => {
    await addKeys('stranger', { accessKeyId: 'NOBODYSKEY' });
    const reason = await said('unknown', { credentials: 'stranger' });
    expect(reason).toMatch(
      /does not know the access key "NOBODYSKEY": check the credentials \(content\.store-key-unknown\)$/,
    );
    await addKeys('stranger', {});
    await content.untilProgress('unknown', ({ state }) => state === 'available');
  });

  it('has a wrong secret says so, and never which', async () => {
    const secretAccessKey = 'a-secret-that-nobody-knows';
    await addKeys('mistyped', { secretAccessKey });
    const reason = await said('secret', { credentials: 'mistyped' });
    expect(reason).toMatch(/by another secret: check the secret key, .* \(content\.store-secret-wrong\)$/);
    expect(reason).not.toContain(secretAccessKey);
  });

  it('has another clock says by how much, and what to do', async () => {
    const server = await refusing(new Date(Date.now() + 40 * 60_000));
    try {
      const reason = await said('late', {}, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      expect(reason).toContain('refuses the signature because of its time: its clock is 40 minutes ahead of ours');
      expect(reason).toMatch(/Set both clocks, best by NTP \(content\.store-clock-skew\)$/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it.each<[string, Misbehaviour, RegExp]>([
    ['keeps nothing of what it acknowledges with', { swallowPut: true }, /took blobs\/sha256\/.* and then had nothing/],
    ['got other bytes than were sent and would have said', { onPut: flipped }, /answered 400 BadDigest/],
  ])('%s 200 shows nothing there, says what it found, and goes on by itself', async (what, behaviour, sentence) => {
    const point = what.replaceAll(' ', '-').slice(0, 20);
    proxy.behave(behaviour);
    try {
      const reason = await said(point, {}, proxy.endpoint);
      expect(reason).toMatch(sentence);
      const [{ manifest } = { manifest: '' }] = await content.progress(point);
      await expect(content.app.get(Bus).request(locateContent, { manifest })).rejects.toMatchObject({
        code: 'content.not-distributed',
      });
    } finally {
      proxy.behave({});
    }
    await content.untilProgress(point, ({ state }) => state === 'available');
  });

  it('changes bytes that it gives with 200 is found by reading: nobody is sent there meanwhile, and why is said', async () => {
    await content.applyPoint('flips', proxy.endpoint, { bucket: 'point-flips' });
    const { manifest } = await content.upload('flips', { 'image.wim': randomBytes(100_000) });
    await content.apply('Distribution', 'distributions', 'flips', { package: 'flips', points: ['flips'] });
    await content.untilProgress('flips', ({ state }) => state === 'available');
    proxy.behave({ onGet: flipped });
    await content.ask('POST', '/distributions/flips/validate', {});
    const copies = async () =>
      (await content.ask<{ points: { bad: number; problem?: string }[] }>('GET', '/distributions/flips/copies')).body
        .points[0];
    await until(async () => (await copies())?.problem?.includes('not repaired') === true);
    expect((await copies())?.problem).toMatch(
      /^100000 bytes of sha256:\w+; not repaired: from the library, and then it was 100000 bytes/,
    );
    await expect(content.app.get(Bus).request(locateContent, { manifest })).rejects.toMatchObject({
      code: 'content.no-good-copy',
    });
    proxy.behave({});
    await content.ask('POST', '/distributions/flips/validate', {});
    await until(async () => (await copies())?.bad === 0);
    expect((await content.app.get(Bus).request(locateContent, { manifest })).locations).toHaveLength(1);
  });
});

/** A store that finds every signature too old, by its own clock. */
async function refusing(now: Date): Promise<Server> {
  const server = createServer((_request, response) => {
    response.sendDate = false;
    response.writeHead(403, { date: now.toUTCString(), 'content-type': 'application/xml' });
    response.end('<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large</Message></Error>');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
}

function flipped(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  changed[changed.length >> 1]! ^= 1;
  return changed;
}
