import { storable, storableText } from './storable.js';

it('replaces what Postgres cannot keep, and nothing else', () => {
  expect(storableText('a\0b')).toBe('a\uFFFDb');
  expect(storableText('a\uD800b')).toBe('a\uFFFDb');
  expect(storableText('grün 😀\n')).toBe('grün 😀\n');
  expect(storable({ output: '\0', number: 1 })).toEqual({ output: '\uFFFD', number: 1 });
});
