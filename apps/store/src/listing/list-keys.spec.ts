import * as fc from 'fast-check';
import { type KeyQuery, type ListedKey, listKeys } from './list-keys.js';
import { SortedKeys, compareKeys } from './sorted-keys.js';

const query = (more: Partial<KeyQuery>): KeyQuery => ({ prefix: '', delimiter: '', after: '', maxKeys: 1000, ...more });
const names = (entries: readonly ListedKey[]) => entries.map(({ name }) => name);

/** Every page of a listing, each going on where the last one ended. */
function allPages(keys: SortedKeys, wanted: KeyQuery): ListedKey[] {
  const entries: ListedKey[] = [];
  let { after } = wanted;
  for (;;) {
    const page = listKeys(keys, { ...wanted, after });
    entries.push(...page.entries);
    if (!page.truncated) return entries;
    after = page.entries.at(-1)?.name ?? '';
  }
}

describe('sorted keys', () => {
  it('are in the order of their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  it('behave as a set, over chunk borders too', () => {
    const step = fc.record({ add: fc.boolean(), key: fc.integer({ min: 0, max: 3000 }).map(String) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 3000, minLength: 1500 }), (steps) => {
        const keys = SortedKeys.from([]);
        const model = new Set<string>();
        for (const { add, key } of steps) {
          if (add) keys.add(key);
          else keys.delete(key);
          if (add) model.add(key);
          else model.delete(key);
        }
        expect([...keys.from(() => true)]).toEqual([...model].sort(compareKeys));
        expect(keys.size).toBe(model.size);
      }),
      { numRuns: 20 },
    );
  });

  it('know which keys they hold', () => {
    const keys = SortedKeys.from(['b', 'a', 'c']);
    expect([keys.has('a'), keys.has('aa'), keys.has('d'), keys.has('')]).toEqual([true, false, false, false]);
  });
});

describe('a listing', () => {
  const keys = SortedKeys.from(['a', 'b/1', 'b/2', 'b/c/3', 'ba', 'c/1', 'd']);

  it('keeps to its prefix', () => {
    expect(names(listKeys(keys, query({ prefix: 'b' })).entries)).toEqual(['b/1', 'b/2', 'b/c/3', 'ba']);
    expect(names(listKeys(keys, query({ prefix: 'x' })).entries)).toEqual([]);
  });

  it('rolls up to the delimiter, in key order among the keys', () => {
    expect(listKeys(keys, query({ delimiter: '/' })).entries).toEqual([
      { kind: 'key', name: 'a' },
      { kind: 'common-prefix', name: 'b/' },
      { kind: 'key', name: 'ba' },
      { kind: 'common-prefix', name: 'c/' },
      { kind: 'key', name: 'd' },
    ]);
    expect(names(listKeys(keys, query({ prefix: 'b/', delimiter: '/' })).entries)).toEqual(['b/1', 'b/2', 'b/c/']);
  });

  it('is cut at max-keys and says so only when more follows', () => {
    expect(listKeys(keys, query({ maxKeys: 7 })).truncated).toBe(false);
    expect(listKeys(keys, query({ maxKeys: 6 })).truncated).toBe(true);
    expect(listKeys(keys, query({ maxKeys: 0 }))).toEqual({ entries: [], truncated: false });
    // What is left after b/ is more of b/, so nothing follows.
    expect(listKeys(keys, query({ prefix: 'b/c', delimiter: '/', maxKeys: 1 })).truncated).toBe(false);
  });

  it('in pages of any length is the same listing', () => {
    const key = fc.string({
      unit: fc.constantFrom('a', 'b', '/', 'é', '\u{1f600}', '\uffee'),
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(key, { maxLength: 60 }),
        fc.constantFrom('', 'a', 'a/', 'b'),
        fc.constantFrom('', '/', 'b', '//'),
        fc.integer({ min: 1, max: 5 }),
        (list, prefix, delimiter, maxKeys) => {
          const sorted = SortedKeys.from(list);
          const wanted = query({ prefix, delimiter });
          const whole = listKeys(sorted, wanted).entries;
          expect(allPages(sorted, { ...wanted, maxKeys })).toEqual(whole);
          const rolled = list
            .filter((candidate) => candidate.startsWith(prefix))
            .map((candidate) => {
              const end = delimiter === '' ? -1 : candidate.indexOf(delimiter, prefix.length);
              return end < 0 ? candidate : candidate.slice(0, end + delimiter.length);
            });
          expect(names(whole)).toEqual([...new Set(rolled)].sort(compareKeys));
        },
      ),
    );
  });
});
