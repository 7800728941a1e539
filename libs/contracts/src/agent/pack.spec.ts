import { packBeginning, packHeader, PackError, readPack } from './pack.js';
import { PackedPaths } from './packed-paths.js';

const files = [
  { path: 'a', text: '' },
  { path: 'b/ü.txt', text: 'umlaut' },
  { path: 'tool', text: '#!/bin/sh', executable: true },
];

function packOf(all: readonly { path: string; text: string; executable?: boolean }[]): Buffer {
  const entries = all.flatMap(({ path, text, executable = false }) => {
    const content = Buffer.from(text);
    return [packHeader({ path, size: content.length, executable }), content];
  });
  return Buffer.concat([packBeginning(), ...entries]);
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  const memory = Buffer.alloc(size);
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    piece.copy(memory);
    await Promise.resolve();
    yield memory.subarray(0, piece.length);
    memory.fill(0xff);
  }
}

async function read(source: AsyncIterable<Uint8Array>): Promise<object[]> {
  const found: object[] = [];
  for await (const { path, size, executable, content } of readPack(source)) {
    found.push({ path, text: content.toString(), ...(executable ? { executable } : {}) });
    expect(size).toBe(content.length);
  }
  return found;
}

describe('a pack', () => {
  it.each([1, 3, 7, 11, 4096])(
    'gives its files back, read %d bytes at a time from memory that is used again',
    async (size) => {
      expect(await read(inPieces(packOf(files), size))).toEqual(files);
    },
  );

  it.each([
    ['is nothing at all', Buffer.alloc(0), 'ends in the middle'],
    ['is something else', Buffer.from('PK and so on'), 'does not begin as a pack'],
    ['is cut off in a name', packOf(files).subarray(0, 18), 'ends in the middle'],
    ['is cut off in a file', packOf(files).subarray(0, -1), 'ends in the middle'],
    [
      'has a file that is too large to be held',
      Buffer.concat([packBeginning(), Buffer.alloc(7, 0xff)]),
      'more than 4194304',
    ],
    [
      'has a path that is no text',
      Buffer.concat([packBeginning(), Buffer.from([0, 0, 0, 0, 1, 0, 0, 0xff])]),
      'not UTF-8',
    ],
    [
      'has flags of a later version',
      Buffer.concat([packBeginning(), Buffer.from([0, 0, 0, 0, 1, 0, 2, 0x61])]),
      'flags 2',
    ],
  ])('that %s is refused', async (_what, bytes, why) => {
    await expect(read(inPieces(bytes, 5))).rejects.toThrow(why);
    await expect(read(inPieces(bytes, 5))).rejects.toThrow(PackError);
  });
});

describe('the paths of a pack', () => {
  const problems = (paths: readonly string[], beside: readonly string[] = []): (string | undefined)[] => {
    const judge = new PackedPaths(beside);
    return paths.map((path) => judge.problemOf(path));
  };

  it('are right in the order of their names without case, what is in a folder right behind its name', () => {
    const paths = ['A/b', 'A/c', 'a.b', 'B', 'c/d/e', 'c/f'];
    expect(problems(paths, ['image', 'c/large'])).toEqual(paths.map(() => undefined));
  });

  it.each([
    [['b', 'a'], 'must come before "b"'],
    [['a', 'a'], 'collides with "a"'],
    [['A', 'a'], 'collides with "A"'],
    [['a', 'A/b'], 'is in a folder that is also a file, "a"'],
    [['A/x', 'a/y'], 'is in a folder that differs from that of "A/x" in case only'],
    [['a', '../b'], 'is no path in content'],
    [['a', 'image/b'], 'is in a folder that is also a file'],
    [['a', 'Image'], 'collides with another file'],
    [['a', 'LARGE'], 'is also the folder of another file'],
  ])('%p are refused: the second %s', (paths, why) => {
    const [first, second] = problems(paths, ['image', 'large/one']);
    expect(first).toBeUndefined();
    expect(second).toContain(why);
  });
});
