import { LineReader } from './line-reader.js';

function read(chunks: string[], maximumBytes = 10): (string | undefined)[] {
  const reader = new LineReader(maximumBytes);
  const lines = chunks.flatMap((chunk) => [...reader.take(Buffer.from(chunk))]);
  return [...lines, reader.end()].map((line) => line?.toString());
}

describe('the reader of lines', () => {
  it('joins pieces and cuts where a line ends', () => {
    expect(read(['a', 'b\nc\n', '\nd'])).toEqual(['ab', 'c', '', 'd']);
  });
  it('drops a line that is too long, however it comes, and goes on with the next', () => {
    expect(read(['0123456789\nok\n'])).toEqual([undefined, 'ok', undefined]);
    expect(read(['01234', '56789', '01234567890123456789', '\nok\n'])).toEqual([undefined, 'ok', undefined]);
    expect(read(['012345678\n'])).toEqual(['012345678', undefined]);
  });
  it('does not take the rest of a dropped line for a line', () => {
    expect(read(['0123456789', 'tail'])).toEqual([undefined]);
  });
});
