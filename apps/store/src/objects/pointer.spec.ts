import { sliceBlobs } from './pointer.js';

const blob = (id: string, size: number) => ({ id, size });

describe('the blobs behind a range', () => {
  const blobs = [blob('a', 4), blob('b', 0), blob('c', 6)];

  it('are one when the range lies in one', () => {
    expect(sliceBlobs(blobs, 1, 2)).toEqual([{ blob: blobs[0], start: 1, end: 2 }]);
    expect(sliceBlobs(blobs, 4, 9)).toEqual([{ blob: blobs[2], start: 0, end: 5 }]);
  });

  it('are several, in order and without empty ones, when it crosses a border', () => {
    expect(sliceBlobs(blobs, 3, 5)).toEqual([
      { blob: blobs[0], start: 3, end: 3 },
      { blob: blobs[2], start: 0, end: 1 },
    ]);
  });
});
