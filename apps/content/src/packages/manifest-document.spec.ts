import { digestOfBytes } from '@muster/contracts/digest.js';
import { MusterError } from '@muster/platform/errors.js';
import * as fc from 'fast-check';
import { announcementSchema, manifestDocument } from './manifest-document.js';

const digest = digestOfBytes('x');
const file = (path: string, more: { size?: number; executable?: boolean } = {}) => ({ path, digest, size: 1, ...more });

function refusal(...paths: string[]): MusterError {
  try {
    manifestDocument({ files: paths.map((path) => file(path)) });
  } catch (error) {
    if (error instanceof MusterError) return error;
  }
  throw new Error('it was accepted');
}

describe('a manifest', () => {
  it('is the same whatever the order of the files, and whether not executable is said or not', () => {
    const files = [file('b/c'), file('a'), file('B2', { executable: false })];
    fc.assert(
      fc.property(fc.shuffledSubarray(files, { minLength: files.length }), (shuffled) => {
        expect(manifestDocument({ files: shuffled }).digest).toBe(manifestDocument({ files }).digest);
      }),
    );
  });

  it('is another one when a file may be executed', () => {
    const plain = manifestDocument({ files: [file('a')] });
    expect(manifestDocument({ files: [file('a', { executable: true })] }).digest).not.toBe(plain.digest);
  });

  it('is named by the digest of its canonical JSON', () => {
    const made = manifestDocument({ files: [file('a')] });
    expect(made.digest).toBe(digestOfBytes(made.document));
    expect(JSON.parse(made.document)).toEqual(made.manifest);
  });

  it('counts files and bytes', () => {
    expect(manifestDocument({ files: [file('a'), file('b')] })).toMatchObject({ files: 2, bytes: 2 });
  });

  it('keeps how a large file is stored, and refuses extents that are not the file', () => {
    const blobs = [{ digest: digestOfBytes('blob'), size: 10 }];
    const made = (extents: [number, number, number][]) =>
      manifestDocument({ files: [{ ...file('a', { size: 6 }), stored: { blobs, extents } }] });
    const extents: [number, number, number][] = [
      [0, 8, 2],
      [0, 0, 4],
    ];
    expect(made(extents).manifest.files[0]?.stored).toEqual({ blobs, extents });
    for (const wrong of [[[0, 0, 5]], [[0, 5, 6]], [[1, 0, 6]]] as [number, number, number][][]) {
      expect(() => made(wrong)).toThrow(expect.objectContaining({ code: 'content.bad-extents' }));
    }
  });

  it('refuses a list of files that no message could carry', () => {
    const files = Array.from({ length: 40_000 }, (_, index) => file(`folder/${index}`));
    expect(() => manifestDocument({ files })).toThrow(
      expect.objectContaining({ category: 'too-large', code: 'content.manifest-too-large' }),
    );
  });

  it.each(['../a', 'a/../../b', '/etc/passwd', 'a\\b', 'a//b', './a', 'a/', '', 'a\0b'])(
    'refuses the path %j with its place',
    (path) => {
      const { code, category, findings } = refusal('fine', path);
      expect([category, code]).toEqual(['invalid', 'content.bad-path']);
      expect(findings?.[0]).toMatchObject({ path: '/files/1/path', code: 'content.bad-path' });
    },
  );

  it('refuses names that differ in case only, and a file that is also a folder', () => {
    expect(refusal('Read.me', 'READ.ME').findings).toHaveLength(1);
    expect(refusal('a', 'A/b').findings).toHaveLength(1);
  });

  it('tells of every bad path at once', () => {
    expect(refusal('../a', '/b', 'c').findings?.map(({ path }) => path)).toEqual(['/files/0/path', '/files/1/path']);
  });

  it('refuses one digest with two sizes', () => {
    expect(() => manifestDocument({ files: [file('a'), file('b', { size: 2 })] })).toThrow(
      expect.objectContaining({ code: 'content.size-conflict' }),
    );
  });

  it('is asked for in the shape of the contract', () => {
    expect(announcementSchema.safeParse({ files: [{ path: '../a', digest, size: 1 }] }).success).toBe(true);
    expect(announcementSchema.safeParse({ files: [{ path: 'a', digest: 'md5:1', size: 1 }] }).success).toBe(false);
    expect(announcementSchema.safeParse({ files: [{ path: 'a', digest, size: 1, mode: 7 }] }).success).toBe(false);
  });
});
