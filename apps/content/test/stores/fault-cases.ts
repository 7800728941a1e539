import { randomBytes } from 'node:crypto';
import { checkCopy } from '../../src/audit/check-copy.js';
import { Pace } from '../../src/distributions/pace.js';
import { proveObject } from '../../src/stores/prove-object.js';
import { WrongBytesError, verifyBytes } from '../../src/stores/verified-bytes.js';
import { FaultyProxy } from './faulty-proxy.js';
import { StoreInTest, allOf, expectedOf, refusal, type OtherWay } from './store-in-test.js';

const MINUTES = 60_000;

/** What goes wrong with a store, and how it is told. */
export function faultCases(inTest: () => StoreInTest): void {
  const bytes = randomBytes(400_000);
  const expected = expectedOf(bytes);
  let proxy: FaultyProxy;

  beforeAll(async () => {
    await inTest().open().write('object', bytes, expected);
    proxy = await FaultyProxy.before(inTest().server.endpoint);
  });
  afterAll(() => proxy?.stop());

  /** Every method of the interface, opened in a way that cannot work. */
  async function everyRefusal(way: OtherWay) {
    const store = inTest().open(way);
    return Promise.all([
      refusal(store.ensureBucket()),
      refusal(store.stat('object')),
      refusal(store.stat('no such object')),
      refusal(store.read('object')),
      refusal(store.readRange('object', { first: 0, last: 9 })),
      refusal(store.write('object', bytes, expected)),
      refusal(store.list('')),
      refusal(store.remove('object')),
    ]);
  }

  it('an access key that is not known is told from a wrong secret', async () => {
    const { keys } = inTest().server;
    for (const error of await everyRefusal({ keys: { ...keys, accessKeyId: 'NOBODYSKEY' } })) {
      expect(error).toMatchObject({ kind: 'refused', code: unknownKeyCode(inTest()) });
      expect(error.message).toContain('"NOBODYSKEY"');
    }
    const secretAccessKey = 'not-the-secret-of-anybody';
    for (const error of await everyRefusal({ keys: { ...keys, secretAccessKey } })) {
      expect(error).toMatchObject({ kind: 'refused', code: 'content.store-secret-wrong' });
      expect(error.message).toContain('check the secret key');
      expect(error.message).not.toContain(secretAccessKey);
    }
    expect(await inTest().open().stat('object')).toBeDefined();
  });

  it('somebody who may not is told that they may not', async () => {
    const { stranger } = inTest().server;
    // In Swift every account has buckets of its own: to a stranger ours are not there.
    const code = inTest().kind === 'swift' ? 'content.store-bucket-missing' : 'content.store-no-permission';
    const [ensured, ...others] = await everyRefusalButMaking({ keys: stranger });
    for (const error of [ensured!, ...others]) expect(error).toMatchObject({ kind: 'refused', code });
  });

  it.each([
    ['ahead of', -30],
    ['behind', 30],
  ])('a clock of the store that is %s ours is named as the reason', async (direction, minutes) => {
    const now = () => Date.now() + minutes * MINUTES;
    if (inTest().kind !== 'muster' && minutes > 0) {
      // The others take URLs that are not valid yet.
      await verifyBytes(await inTest().open({ now }).read('object'), expected);
      return;
    }
    const errors = await everyRefusal({ now });
    for (const error of errors) {
      expect(error).toMatchObject({ kind: 'refused', code: 'content.store-clock-skew' });
      expect(error.message).toMatch(new RegExp(`its clock is (29|30|31) minutes ${direction}`));
    }
  });

  it('a bucket that vanished is a failure of the store, never an object that is missing', async () => {
    const bucket = `vanishes-${randomBytes(6).toString('hex')}`;
    const store = inTest().open({ bucket });
    await store.ensureBucket();
    await store.write('object', bytes, expected);
    await store.remove('object');
    await inTest().client().removeBucket(bucket);
    const gone = [
      refusal(store.stat('object')),
      refusal(store.read('object')),
      refusal(store.readRange('object', { first: 0, last: 9 })),
      refusal(store.write('object', bytes, expected)),
      refusal(store.list('')),
      refusal(store.remove('object')),
    ];
    for (const error of await Promise.all(gone)) {
      expect(error).toMatchObject({ kind: 'refused', code: 'content.store-bucket-missing' });
      expect(error.message).toContain(`bucket "${bucket}"`);
    }
    const audit = await checkCopy({
      store,
      key: 'object',
      expected,
      rewrite: false,
      sources: () => Promise.resolve([]),
      pace: new Pace(undefined),
      onBad: () => Promise.reject(new Error('the copy must not be taken for bad')),
      signal: new AbortController().signal,
    });
    expect(audit).toMatchObject({ state: 'unknown', reason: expect.stringContaining('there is no bucket') });
    await store.ensureBucket();
    expect(await store.stat('object')).toBeUndefined();
  });

  describe('behind a proxy that', () => {
    const behind = () => inTest().open({ endpoint: proxy.endpoint });
    /** The signature is for the proxy's address, which the proxy leaves as it is. */
    beforeEach(() => proxy.behave({}));

    it('changes nothing, everything is as usual', async () => {
      await verifyBytes(await behind().read('object'), expected);
      expect(await proveObject(behind(), 'object', expected)).toMatchObject({ state: 'proven' });
    });

    it('gives fewer bytes with 200, reading them fails', async () => {
      proxy.behave({ onGet: (body) => body.subarray(0, 100_000) });
      await expect(verifyBytes(await behind().read('object'), expected)).rejects.toThrow(WrongBytesError);
      expect(await proveByReading(behind(), 'object')).toMatchObject({
        state: 'different',
        found: expect.stringMatching(/^100000 bytes/),
      });
    });

    it('gives other bytes with 200, reading them fails', async () => {
      proxy.behave({ onGet: flipped });
      await expect(verifyBytes(await behind().read('object'), expected)).rejects.toThrow(WrongBytesError);
      expect(await proveByReading(behind(), 'object')).toMatchObject({ state: 'different' });
    });

    it('gives more bytes with 200, reading them fails', async () => {
      proxy.behave({ onGet: (body) => Buffer.concat([body, Buffer.from('more')]) });
      await expect(verifyBytes(await behind().read('object'), expected)).rejects.toThrow(WrongBytesError);
    });

    it('breaks off in the middle of what it announced, the store counts as unreachable', async () => {
      proxy.behave({ breakAfter: 100_000 });
      expect(await refusal(allOf(await behind().read('object')))).toMatchObject({ kind: 'unreachable' });
    });

    it('gives the whole object for a range, it is refused', async () => {
      proxy.behave({ withoutRange: true });
      const error = await refusal(behind().readRange('object', { first: 10, last: 19 }));
      expect(error).toMatchObject({ kind: 'refused', code: 'content.store-wrong-answer' });
    });

    it('gives the wrong part for a range, it is refused', async () => {
      proxy.behave({ onGet: (body) => body.subarray(1) });
      const part = behind().readRange('object', { first: 10, last: 19 });
      expect(await refusal(part.then(allOf))).toMatchObject({ kind: 'refused', code: 'content.store-wrong-answer' });
    });

    it('damages what is written and lets the store say 200, the store refuses it or it is found by reading back', async () => {
      proxy.behave({ onPut: flipped });
      const written = await behind()
        .write('damaged', bytes, expected)
        .catch((error: unknown) => error);
      if (inTest().kind === 'muster') {
        expect(written).toMatchObject({ kind: 'refused', message: expect.stringContaining('BadDigest') });
      } else {
        expect(await proveObject(inTest().open(), 'damaged', expected)).toMatchObject({ state: 'different' });
      }
    });

    it('says 200 to a write and keeps nothing, the proof says that it is missing', async () => {
      proxy.behave({ swallowPut: true });
      await behind().write('swallowed', bytes, expected);
      expect(await proveObject(behind(), 'swallowed', expected)).toEqual({ state: 'missing' });
    });

    it('damages a listing, it is refused', async () => {
      for (const onGet of [
        (body: Buffer) => body.subarray(0, 100),
        () => Buffer.from('<html>Welcome to the hotel</html>'),
        (body: Buffer) => Buffer.from(body.toString().replaceAll('<Contents>', '<Contents><Size>x</Size>')),
      ]) {
        proxy.behave({ onGet });
        const error = await refusal(behind().list(''));
        expect(error).toMatchObject({ kind: 'refused', code: 'content.store-wrong-answer' });
      }
    });
  });

  async function everyRefusalButMaking(way: OtherWay) {
    const store = inTest().open(way);
    return Promise.all([
      refusal(store.stat('object')),
      refusal(store.read('object')),
      refusal(store.write('object', bytes, expected)),
      refusal(store.list('')),
      refusal(store.remove('object')),
    ]);
  }

  /** As it is with a store that says no digest. */
  async function proveByReading(store: ReturnType<StoreInTest['open']>, key: string) {
    const stat = await store.stat(key);
    const silent = Object.assign(Object.create(store) as typeof store, {
      stat: () => Promise.resolve({ size: stat!.size, etag: stat!.etag }),
    });
    const proof = await proveObject(silent, key, expected);
    return 'found' in proof ? { ...proof, found: proof.found } : proof;
  }
}

function flipped(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  changed[changed.length >> 1]! ^= 1;
  return changed;
}

/** Swift knows no keys beside its users: one that is not there is like one with another secret. */
function unknownKeyCode({ kind }: StoreInTest): string {
  return kind === 'swift' ? 'content.store-secret-wrong' : 'content.store-key-unknown';
}
