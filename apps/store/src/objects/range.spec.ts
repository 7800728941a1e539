import { parseRange } from './range.js';

describe('a Range header', () => {
  it.each([
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=0-9', { start: 0, end: 9 }],
    ['bytes=5-', { start: 5, end: 9 }],
    ['bytes=-5', { start: 5, end: 9 }],
    ['bytes=-50', { start: 0, end: 9 }],
    ['bytes=9-9', { start: 9, end: 9 }],
    ['bytes=3-500', { start: 3, end: 9 }],
  ])('%s of ten bytes is a part', (header, range) => {
    expect(parseRange(header, 10)).toEqual(range);
  });

  it.each(['bytes=10-', 'bytes=10-20', 'bytes=-0'])('%s of ten bytes is unsatisfiable', (header) => {
    expect(parseRange(header, 10)).toBe('unsatisfiable');
  });

  it.each([undefined, 'bytes=-', 'bytes=5-4', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=a-b', 'bytes'])(
    '%s is ignored, as RFC 9110 wants it',
    (header) => {
      expect(parseRange(header, 10)).toBe('whole');
    },
  );

  it('is unsatisfiable on an empty object', () => {
    expect(parseRange('bytes=0-0', 0)).toBe('unsatisfiable');
    expect(parseRange('bytes=-1', 0)).toBe('unsatisfiable');
  });
});
