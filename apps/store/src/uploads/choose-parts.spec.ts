import * as fc from 'fast-check';
import { S3Error } from '../errors.js';
import { MIN_PART_BYTES, chooseParts } from './choose-parts.js';
import { type PartRecord, compositeEtag, compositeSha256 } from './upload-records.js';

const part = (number: number, size = MIN_PART_BYTES): PartRecord => ({
  partVersion: 1,
  number,
  size,
  etag: number.toString(16).padStart(32, '0'),
  sha256: Buffer.alloc(32, number).toString('base64'),
  modifiedAt: '2026-01-01T00:00:00.000Z',
  blob: number.toString(16).padStart(32, 'b'),
});
const wanted = ({ number, etag }: PartRecord) => ({ number, etag });

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as S3Error).code;
  }
}

describe('the parts of a completion', () => {
  it('are those that it names, in its order, whatever else is there', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        fc.integer({ min: 0 }),
        (numbers, pick) => {
          const present = numbers.map((number) => part(number));
          const chosen = numbers.toSorted((a, b) => a - b).filter((_, at) => at === 0 || (pick >> at) % 2 === 0);
          const list = chosen.map((number) => wanted(part(number)));
          expect(chooseParts(present, list).map(({ number }) => number)).toEqual(chosen);
        },
      ),
    );
  });

  it.each([
    ['MalformedXML', []],
    ['InvalidPart', [{ number: 3, etag: 'x' }]],
    ['InvalidPart', [{ number: 1, etag: 'x' }]],
    ['InvalidPart', [{ ...wanted(part(1)), sha256: 'x' }]],
    ['InvalidPartOrder', [wanted(part(2)), wanted(part(1))]],
    ['InvalidPartOrder', [wanted(part(1)), wanted(part(1))]],
  ])('are refused with %s', (code, list) => {
    expect(codeOf(() => chooseParts([part(1), part(2)], list))).toBe(code);
  });

  it('have 5 MiB at least, but the last one, and 5 TiB at most together', () => {
    const small = part(1, MIN_PART_BYTES - 1);
    expect(codeOf(() => chooseParts([small, part(2)], [small, part(2)].map(wanted)))).toBe('EntityTooSmall');
    expect(chooseParts([part(1), part(2, 0)], [part(1), part(2, 0)].map(wanted))).toHaveLength(2);
    expect(chooseParts([small], [wanted(small)])).toHaveLength(1);
    const huge = [part(1, 4 * 1024 ** 4), part(2, 1024 ** 4 + 1)];
    expect(codeOf(() => chooseParts(huge, huge.map(wanted)))).toBe('EntityTooLarge');
  });

  it('give the ETag and the checksum of the whole as S3 forms them', () => {
    // md5(md5-bytes of both), as another program computes it.
    const parts = [
      { ...part(1), etag: 'd41d8cd98f00b204e9800998ecf8427e' },
      { ...part(2), etag: '0cc175b9c0f1b6a831c399e269772661' },
    ];
    expect(compositeEtag(parts)).toBe(ETAG);
    expect(compositeSha256(parts)).toMatch(/^[A-Za-z0-9+/]{43}=-2$/);
  });
});

const ETAG = '68083ea43d0307eecfa2b4749f19df15-2';
