import * as fc from 'fast-check';
import { changeLines, documentChanges } from './document-changes.js';

const type = (name: string, more: object = {}) => ({ name, install: { command: 'true' }, ...more });
const app = (...deploymentTypes: object[]) => ({ version: '1', deploymentTypes });

describe('changes of a document', () => {
  it('are at the deepest place that both have, with named parts of lists by their names', () => {
    const before = app(type('deb'), type('old', { package: 'a/b' }));
    const after = { ...app(type('new'), type('deb', { install: { command: 'false', timeout: 5 } })), publisher: 'us' };
    const changes = documentChanges(before, after);
    expect(changes).toEqual([
      { path: '/deploymentTypes/deb/install/command', change: 'changed', before: 'true', after: 'false' },
      { path: '/deploymentTypes/deb/install/timeout', change: 'added', after: 5 },
      { path: '/deploymentTypes/old', change: 'removed', before: type('old', { package: 'a/b' }) },
      { path: '/deploymentTypes/new', change: 'added', after: type('new') },
      { path: '/publisher', change: 'added', after: 'us' },
    ]);
    expect(changeLines(changes).slice(0, 2)).toEqual([
      '~ /deploymentTypes/deb/install/command: "true" -> "false"',
      '+ /deploymentTypes/deb/install/timeout: 5',
    ]);
  });

  it('say when deployment types are tried in another order', () => {
    const changes = documentChanges(app(type('a'), type('b'), type('c')), app(type('c'), type('a'), type('d')));
    expect(changeLines(changes)).toEqual([
      '> /deploymentTypes: ["a","c"] -> ["c","a"]',
      `- /deploymentTypes/b: ${JSON.stringify(type('b'))}`,
      `+ /deploymentTypes/d: ${JSON.stringify(type('d'))}`,
    ]);
  });

  it('of lists whose parts have no names of their own are counted, or shown whole where the lists are not of one length', () => {
    expect(documentChanges({ list: [1, { a: 1 }] }, { list: [1, { a: 2 }] })).toEqual([
      { path: '/list/1/a', change: 'changed', before: 1, after: 2 },
    ]);
    const twice = [type('a'), type('a')];
    expect(documentChanges({ list: twice }, { list: [type('a')] })).toEqual([
      { path: '/list', change: 'changed', before: twice, after: [type('a')] },
    ]);
    const numbers = [type('2'), type('1')];
    expect(documentChanges(numbers, numbers.toReversed())).toMatchObject([{ path: '/0/name' }, { path: '/1/name' }]);
  });

  it('are none of a document and itself, and some of any two that differ, whatever their keys are called', () => {
    const names = fc.constantFrom('name', '__proto__', 'constructor', 'a/b', '~', '1', 'x');
    const documents = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom('a', 'b', '1', '__proto__', 1, true, null),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(names, tie('any'), { maxKeys: 3 }),
      ),
    })).any;
    fc.assert(
      fc.property(documents, documents, (one, other) => {
        expect(documentChanges(one, structuredClone(one))).toEqual([]);
        const same = JSON.stringify(documentChanges(one, other)) === '[]';
        const changes = documentChanges(other, one);
        expect(changes.length === 0).toBe(same);
        expect(changeLines(changes)).toHaveLength(changes.length);
      }),
      { numRuns: 500 },
    );
  });
});
