import * as fc from 'fast-check';
import { assertKey, fileNameOfKey, keyOfFileName } from './key-file-names.js';

describe('the file name of a key', () => {
  it('can be read by a person and cannot leave its folder', () => {
    expect(fileNameOfKey('blobs/sha256/ab')).toBe('blobs%2fsha256%2fab.json');
    expect(fileNameOfKey('../../etc/passwd')).toBe('..%2f..%2fetc%2fpasswd.json');
    expect(fileNameOfKey('Ü')).toBe('%c3%9c.json');
  });

  it('differs in more than case for keys that differ in case', () => {
    expect(fileNameOfKey('A').toLowerCase()).not.toBe(fileNameOfKey('a').toLowerCase());
  });

  it('is safe for every key, and gives the key back unless the key is too long', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), (key) => {
        const name = fileNameOfKey(key);
        expect(name).toMatch(/^[a-z0-9._%=-]{1,250}$/);
        const back = keyOfFileName(name);
        expect(back).toBe(name.startsWith('=') ? undefined : key);
      }),
    );
  });

  it('is a hash for a long key, and no key can pretend to be one', () => {
    const name = fileNameOfKey('x'.repeat(1024));
    expect(name).toMatch(/^=[0-9a-f]{64}\.json$/);
    expect(fileNameOfKey(name.slice(0, -5))).not.toBe(name);
  });

  it('is told from strange files', () => {
    for (const name of ['x', '.json', 'A.json', '%zz.json', '=12.json', '%ff.json'])
      expect(keyOfFileName(name)).toBeNull();
  });
});

describe('a key', () => {
  it.each([
    ['x'.repeat(1025), 'KeyTooLongError'],
    ['ü'.repeat(513), 'KeyTooLongError'],
    ['a/../b', 'InvalidArgument'],
    ['..', 'InvalidArgument'],
    ['./a', 'InvalidArgument'],
    ['a\u0000b', 'InvalidArgument'],
    ['line\nbreak', 'InvalidArgument'],
  ])('%j is refused', (key, code) => {
    expect(() => assertKey(key)).toThrow(expect.objectContaining({ code }));
  });

  it.each(['a', '...', '..a/b..', 'a//b', '/a', 'ü'.repeat(512)])('%j is fine', (key) => {
    expect(() => assertKey(key)).not.toThrow();
  });
});
