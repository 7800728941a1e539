import { randomBytes } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { request } from 'undici';
import { proveObject } from '../../src/stores/prove-object.js';
import { StoreInTest, allOf, ask, digestOf, expectedOf, refusal } from './store-in-test.js';

/** What Muster asks of every store. */
export function interfaceCases(inTest: () => StoreInTest): void {
  const store = () => inTest().open();

  it('makes its bucket once, also for several who want it at the same time', async () => {
    const bucket = `made-${randomBytes(6).toString('hex')}`;
    const other = inTest().open({ bucket });
    await Promise.all([other.ensureBucket(), other.ensureBucket(), other.ensureBucket()]);
    await other.ensureBucket();
    await other.write('key', Buffer.from('value'), expectedOf(Buffer.from('value')));
    expect((await allOf(await other.read('key'))).toString()).toBe('value');
  });

  it.each([0, 1, 100_000, 6_000_000])('keeps an object of %d bytes and gives it back', async (size) => {
    const bytes = randomBytes(size);
    const expected = expectedOf(bytes);
    const written = await store().write(`sizes/${size}`, pieces(bytes), expected);
    const stat = await store().stat(`sizes/${size}`);
    expect(stat).toMatchObject({ size, etag: written.etag });
    expect(stat?.etag).toMatch(/^[0-9a-f]{32}$/);
    // A store that says a digest says the right one.
    expect(stat?.digest ?? expected.digest).toBe(expected.digest);
    expect(digestOf(await allOf(await store().read(`sizes/${size}`)))).toBe(expected.digest);
    expect(await proveObject(store(), `sizes/${size}`, expected)).toMatchObject({ state: 'proven' });
  });

  it('gives exactly the bytes of a range, of the object that was meant', async () => {
    const bytes = randomBytes(300_000);
    const { etag } = await store().write('ranged', bytes, expectedOf(bytes));
    for (const [first, last] of [
      [0, 0],
      [100, 250_000],
      [299_999, 299_999],
      [0, 299_999],
    ] as const) {
      const part = await allOf(await store().readRange('ranged', { first, last }, etag));
      expect(part.equals(bytes.subarray(first, last + 1))).toBe(true);
    }
    const beyond = await refusal(store().readRange('ranged', { first: 299_990, last: 400_000 }));
    expect(beyond).toMatchObject({ kind: 'refused', code: 'content.store-wrong-answer' });
    await store().write('ranged', Buffer.from('another'), expectedOf(Buffer.from('another')));
    const changed = await refusal(store().readRange('ranged', { first: 0, last: 2 }, etag));
    expect(changed).toMatchObject({ kind: 'refused', code: 'content.store-object-changed' });
  });

  it('says of what is not there that it is not there', async () => {
    expect(await store().stat('nothing')).toBeUndefined();
    expect(await refusal(store().read('nothing'))).toMatchObject({ kind: 'missing' });
    expect(await refusal(store().readRange('nothing', { first: 0, last: 1 }))).toMatchObject({ kind: 'missing' });
    expect(await store().remove('nothing')).toBeUndefined();
  });

  it('removes an object', async () => {
    await store().write('removed', Buffer.from('x'), expectedOf(Buffer.from('x')));
    await store().remove('removed');
    expect(await store().stat('removed')).toBeUndefined();
  });

  it('stores nothing when the source breaks in the middle, and tells why', async () => {
    const bytes = randomBytes(3_000_000);
    const breaking = async function* () {
      yield bytes.subarray(0, 1_000_000);
      throw new Error('the source broke');
    };
    await expect(store().write('broken', breaking(), expectedOf(bytes))).rejects.toThrow('the source broke');
    expect(await store().stat('broken')).toBeUndefined();
  });

  it('tells wrong bytes from the expected ones, by its own checksum or by reading them back', async () => {
    const expected = expectedOf(Buffer.from('what was meant'));
    const wrong = Buffer.from('what was sent!');
    const said = await store()
      .write('wrong', wrong, expected)
      .catch((error: unknown) => error);
    if (inTest().kind === 'muster') expect(said).toMatchObject({ kind: 'refused' });
    else expect(await proveObject(store(), 'wrong', expected)).toMatchObject({ state: 'different' });
  });

  it('lists by prefix in the order of UTF-8 bytes, in pages of any length', async () => {
    const names = ['a', 'a b+%', 'a/', 'a/1', 'a/2', 'a0', 'b', 'ü', '\uffee', '\u{1f600}', '& <x>\'"'].map(
      (name) => `listed/${name}`,
    );
    for (const name of names) await store().write(name, Buffer.from(name), expectedOf(Buffer.from(name)));
    const sorted = names.toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
    for (const limit of [1, 3, 1000]) {
      const found: string[] = [];
      let after: string | undefined;
      do {
        const page = await store().list('listed/', { after, limit });
        expect(page.objects.length).toBeLessThanOrEqual(limit);
        found.push(...page.objects.map(({ key }) => key));
        after = page.next;
      } while (after !== undefined);
      expect(found).toEqual(sorted);
    }
    const { objects } = await store().list('listed/a/', { after: 'listed/a/1' });
    const { etag, size } = (await store().stat('listed/a/2'))!;
    expect(objects).toEqual([{ key: 'listed/a/2', size, etag }]);
    expect(await store().list('nothing/')).toEqual({ objects: [] });
  });

  it('says of an object how it is encoded, and gives its bytes as they are', async () => {
    const bytes = zstdCompressSync(Buffer.from('shrinks '.repeat(1_000)));
    await store().write('encoded', bytes, expectedOf(bytes), undefined, 'zstd');
    const answer = await request(store().presignGet('encoded', 60), { headers: { 'accept-encoding': 'zstd, gzip' } });
    expect(answer.headers['content-encoding']).toBe('zstd');
    expect(Buffer.from(await answer.body.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('gives and takes bytes over URLs that are good for one object, one method and a while', async () => {
    const bytes = Buffer.from('through a URL');
    const put = store().presignPut('by url/ü', expectedOf(bytes), 60);
    expect((await ask('PUT', put, {}, bytes)).status).toBe(200);
    const get = store().presignGet('by url/ü', 60);
    expect((await ask('GET', get)).text).toBe('through a URL');
    expect((await ask('GET', get, { range: 'bytes=8-' })).text).toBe('a URL');
    expect((await ask('DELETE', get)).status).toBe(403);
    expect((await ask('GET', get.replace('by%20url', 'listed'))).status).toBe(403);
    expect((await ask('GET', get.split('?')[0]!)).status).toBeGreaterThanOrEqual(400);
    const late = inTest().open({ now: () => Date.now() - 120_000 });
    expect((await ask('GET', late.presignGet('by url/ü', 60))).status).toBe(403);
  });
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 70_000) yield bytes.subarray(at, at + 70_000);
}
