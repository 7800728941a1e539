import * as fc from 'fast-check';
import { BadListingError, readListAnswer } from './list-answer.js';

const answer = (keys: readonly string[], truncated = false) =>
  `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>${truncated}</IsTruncated>${keys
    .map((key) => `<Contents><Key>${encodeURIComponent(key)}</Key><ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>`)
    .join('')}</ListBucketResult>`;
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

describe('an answer to a listing', () => {
  it('gives keys of any characters, in the order of their bytes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1 })), fc.boolean(), (keys, truncated) => {
        const sorted = keys.toSorted(byBytes);
        const { objects, more } = readListAnswer(answer(sorted, truncated && sorted.length > 0), '');
        expect(objects).toEqual(sorted.map((key) => ({ key, size: 7, etag: 'e' })));
        expect(more).toBe(truncated && sorted.length > 0);
      }),
    );
  });

  it.each([
    ['that is no XML', 'welcome to the hotel <b', ''],
    ['that is another document', '<html><body/></html>', ''],
    ['that is cut off', answer(['a', 'b']).slice(0, 90), ''],
    ['out of order', answer(['b', 'a']), ''],
    ['that names a key twice', answer(['a', 'a']), ''],
    ['that begins before its page', answer(['a']), 'a'],
    ['without end', answer([], true), ''],
    [
      'with a key that is not percent-encoded',
      answer([]).replace('</List', '<Contents><Key>%zz</Key><Size>1</Size></Contents></List'),
      '',
    ],
    ['with a size that is none', answer(['a']).replace('<Size>7', '<Size>-7'), ''],
  ])('%s is refused', (_, text, after) => {
    expect(() => readListAnswer(text, after)).toThrow(BadListingError);
  });

  it('is never taken for anything else, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (noise) => {
        expect(() => readListAnswer(noise, '')).toThrow(BadListingError);
      }),
    );
  });
});
