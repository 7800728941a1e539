import { createHash, randomBytes } from 'node:crypto';
import { type RawAnswer, StoreInTest, digestOf } from './store-in-test.js';

const MIB = 1024 * 1024;

/** S3 as clients beside Muster speak it: what our store claims, held against a store that others made. */
export function protocolCases(inTest: () => StoreInTest): void {
  const raw: StoreInTest['raw'] = (...request) => inTest().raw(...request);
  const answered = ({ status, code }: RawAnswer) => ({ status, code });
  const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest();

  async function begin(key: string): Promise<string> {
    const { text } = await raw('POST', key, { query: { uploads: '' } });
    return /<UploadId>([^<]+)</.exec(text)![1]!;
  }
  const putPart = (key: string, uploadId: string, partNumber: number, body: Buffer) =>
    raw('PUT', key, { query: { uploadId, partNumber: String(partNumber) }, body });
  const complete = (key: string, uploadId: string, parts: [number, string][], headers?: Record<string, string>) =>
    raw('POST', key, {
      query: { uploadId },
      ...(headers ? { headers } : {}),
      body: `<CompleteMultipartUpload>${parts
        .map(([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`)
        .join('')}</CompleteMultipartUpload>`,
    });

  describe('a multipart upload', () => {
    it('puts the parts together in their order, whatever the order in which they came', async () => {
      const parts = [randomBytes(5 * MIB), randomBytes(6 * MIB), randomBytes(1000)];
      const id = await begin('many parts');
      const etags: string[] = [];
      for (const index of [2, 0, 1]) {
        const sent = await putPart('many parts', id, index + 1, parts[index]!);
        expect(sent.status).toBe(200);
        etags[index] = sent.headers['etag']!;
        expect(etags[index]).toBe(`"${md5(parts[index]!).toString('hex')}"`);
      }
      expect((await raw('GET', 'many parts')).code).toBe('NoSuchKey');
      const listed = await raw('GET', 'many parts', { query: { uploadId: id } });
      expect([...listed.text.matchAll(/<PartNumber>(\d+)</g)].map(([, number]) => number)).toEqual(['1', '2', '3']);
      const completed = await complete(
        'many parts',
        id,
        etags.map((etag, index) => [index + 1, etag] as [number, string]),
      );
      expect(answered(completed)).toEqual({ status: 200, code: undefined });
      const whole = Buffer.concat(parts);
      const etag = `${md5(Buffer.concat(parts.map(md5))).toString('hex')}-3`;
      expect(await inTest().open().stat('many parts')).toMatchObject({ size: whole.length, etag });
      const read = await raw('GET', 'many parts');
      expect(digestOf(read.body)).toBe(digestOf(whole));
      const border = await raw('GET', 'many parts', {
        headers: { range: `bytes=${5 * MIB - 10}-${11 * MIB + 9}` },
      });
      expect(border.body.equals(whole.subarray(5 * MIB - 10, 11 * MIB + 10))).toBe(true);
    });

    it('counts the last of several parts of one number', async () => {
      const id = await begin('part again');
      await putPart('part again', id, 1, Buffer.from('first'));
      const { headers } = await putPart('part again', id, 1, Buffer.from('second'));
      expect((await complete('part again', id, [[1, headers['etag']!]])).status).toBe(200);
      expect((await raw('GET', 'part again')).text).toBe('second');
    });

    it('refuses parts that are too small, missing, others, or out of order, and goes on', async () => {
      const id = await begin('refused');
      const small = (await putPart('refused', id, 1, Buffer.from('small'))).headers['etag']!;
      const last = (await putPart('refused', id, 2, Buffer.from('last'))).headers['etag']!;
      expect((await complete('refused', id, [[1, small], [2, last]])).code).toBe('EntityTooSmall'); // prettier-ignore
      expect((await complete('refused', id, [[1, last]])).code).toBe('InvalidPart');
      expect((await complete('refused', id, [[3, last]])).code).toBe('InvalidPart');
      const outOfOrder = await complete('refused', id, [[2, last], [1, small]]); // prettier-ignore
      // Which of its two faults comes first is the store's choice.
      expect(outOfOrder.code).toMatch(/^(InvalidPartOrder|EntityTooSmall)$/);
      expect((await complete('refused', id, [])).status).toBe(400);
      const without = await complete('refused', id, [[2, last]]);
      if (inTest().kind === 'ceph') {
        // It wants every part that has arrived.
        expect(without.code).toBe('InvalidPart');
        return;
      }
      expect(without.status).toBe(200);
      expect((await raw('GET', 'refused')).text).toBe('last');
    });

    it('is listed while it is not finished, and gone when it is aborted', async () => {
      const [a, b] = [await begin('listing/a'), await begin('listing/b')];
      const list = async () => {
        const { text } = await raw('GET', '', { query: { uploads: '', prefix: 'listing/' } });
        return [...text.matchAll(/<UploadId>([^<]+)</g)].map(([, id]) => id);
      };
      expect(await list()).toEqual([a, b]);
      await putPart('listing/a', a, 1, Buffer.from('x'));
      expect((await raw('DELETE', 'listing/a', { query: { uploadId: a } })).status).toBe(204);
      expect(await list()).toEqual([b]);
      expect((await putPart('listing/a', a, 2, Buffer.from('x'))).code).toBe('NoSuchUpload');
      const { code } = await complete('listing/a', a, [[1, '0'.repeat(32)]]);
      expect(code).toBe(inTest().kind === 'ceph' ? 'InternalError' : 'NoSuchUpload');
      await raw('DELETE', 'listing/b', { query: { uploadId: b } });
    });

    it('that is completed again, because its answer was lost, is answered like the first time', async () => {
      const id = await begin('lost answer');
      const { headers } = await putPart('lost answer', id, 1, Buffer.from('kept'));
      const [first, second] = [
        await complete('lost answer', id, [[1, headers['etag']!]]),
        await complete('lost answer', id, [[1, headers['etag']!]]),
      ];
      expect([first.status, second.status]).toEqual([200, 200]);
      expect((await raw('GET', 'lost answer')).text).toBe('kept');
    });

    it('is done by an independent client, with resuming', async () => {
      const bytes = randomBytes(20 * MIB);
      const client = inTest().client();
      await client.putObject(inTest().bucket, 'by minio', bytes, bytes.length, {});
      const stat = await client.statObject(inTest().bucket, 'by minio');
      expect(stat.size).toBe(bytes.length);
      expect(digestOf((await raw('GET', 'by minio')).body)).toBe(digestOf(bytes));
    });
  });

  describe('a copy', () => {
    it('has the bytes, the type and the metadata of its source, and stays when the source goes', async () => {
      const bytes = randomBytes(200_000);
      const described = { 'Content-Type': 'text/x', 'X-Amz-Meta-Note': 'kept' };
      await inTest().client().putObject(inTest().bucket, 'copied', bytes, bytes.length, described);
      const source = { 'x-amz-copy-source': `/${inTest().bucket}/copied` };
      const copied = await copy('copies/one', source);
      expect(answered(copied)).toEqual({ status: 200, code: undefined });
      await raw('DELETE', 'copied');
      const read = await raw('GET', 'copies/one');
      expect(read.body.equals(bytes)).toBe(true);
      expect(read.headers).toMatchObject({
        'content-type': 'text/x',
        'x-amz-meta-note': 'kept',
        etag: `"${md5(bytes).toString('hex')}"`,
      });
      expect((await copy('copies/two', source)).code).toBe('NoSuchKey');
    });

    it('can be of a part of an object, as a part of an upload', async () => {
      const bytes = randomBytes(100_000);
      expect((await raw('PUT', 'source of part', { body: bytes })).status).toBe(200);
      const id = await begin('part by copy');
      const { text } = await copy(
        'part by copy',
        {
          'x-amz-copy-source': `/${inTest().bucket}/source%20of%20part`,
          'x-amz-copy-source-range': 'bytes=10-50009',
        },
        { uploadId: id, partNumber: '1' },
      );
      const etag = /<ETag>([^<]+)</.exec(text)![1]!;
      expect((await complete('part by copy', id, [[1, etag]])).status).toBe(200);
      expect((await raw('GET', 'part by copy')).body.equals(bytes.subarray(10, 50_010))).toBe(true);
    });
  });

  describe('a condition', () => {
    it('on reading is kept', async () => {
      await raw('PUT', 'conditional', { body: 'one' });
      const { headers } = await raw('HEAD', 'conditional');
      for (const method of ['GET', 'HEAD']) {
        const status = async (given: Record<string, string>) =>
          (await raw(method, 'conditional', { headers: given })).status;
        expect(await status({ 'if-none-match': headers['etag']! })).toBe(304);
        expect(await status({ 'if-match': headers['etag']! })).toBe(200);
        expect(await status({ 'if-match': '"0123456789abcdef0123456789abcdef"' })).toBe(412);
      }
    });

    it('on writing lets one create a key, or says that it cannot', async () => {
      const none = { 'if-none-match': '*' };
      const first = await raw('PUT', 'once', { body: 'one', headers: none });
      if (inTest().kind === 'swift') {
        expect(first.status).toBe(501);
        return;
      }
      expect(first.status).toBe(200);
      expect((await raw('PUT', 'once', { body: 'two', headers: none })).status).toBe(412);
      expect((await raw('GET', 'once')).text).toBe('one');
    });

    it('on completing is kept, but Ceph completes all the same', async () => {
      await raw('PUT', 'completed once', { body: 'here already' });
      const id = await begin('completed once');
      const { headers } = await putPart('completed once', id, 1, Buffer.from('by parts'));
      const parts: [number, string][] = [[1, headers['etag']!]];
      const answer = await complete('completed once', id, parts, { 'if-none-match': '*' });
      const isIgnored = inTest().kind === 'ceph';
      expect(answer.status).toBe(isIgnored ? 200 : 412);
      expect((await raw('GET', 'completed once')).text).toBe(isIgnored ? 'by parts' : 'here already');
    });
  });

  it('the minio client removes, lists and finds what others wrote', async () => {
    const client = inTest().client();
    await raw('PUT', 'for minio/a', { body: 'a' });
    await raw('PUT', 'for minio/b/c', { body: 'c' });
    const list = async () => {
      const stream = client.listObjectsV2(inTest().bucket, 'for minio/', true);
      return ((await stream.toArray()) as { name: string }[]).map(({ name }) => name);
    };
    expect(await list()).toEqual(['for minio/a', 'for minio/b/c']);
    await client.removeObject(inTest().bucket, 'for minio/a');
    expect(await list()).toEqual(['for minio/b/c']);
  });

  /** Headers of a copy must be signed: a presigned URL cannot have them, so the client signs them. */
  async function copy(
    key: string,
    headers: Record<string, string>,
    query: Record<string, string> = {},
  ): Promise<RawAnswer> {
    return inTest().copy(key, headers, query);
  }
}
