import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './depcruise.js';
import { codesIn, collectCodes, documentedCodes } from './error-codes.js';

describe('docs/errors.md', () => {
  const found = collectCodes();
  const rows = documentedCodes(readFileSync(join(root, 'docs', 'errors.md'), 'utf8'));
  const documented = rows.map((row) => row.code);

  it('has every code that the sources can give', () => {
    const missing = [...found]
      .filter(([code]) => !documented.includes(code))
      .map(([code, { files }]) => `${code} (${[...files].join(', ')})`);
    expect(missing.sort()).toEqual([]);
  });

  it('has no code that the sources do not give', () => {
    expect(documented.filter((code) => !found.has(code)).sort()).toEqual([]);
  });

  it('has each code once, in the order of the alphabet within its table', () => {
    expect(documented.filter((code, index) => documented.indexOf(code) !== index)).toEqual([]);
    const unordered = documented.filter((code, index) => {
      const before = documented[index - 1];
      return before !== undefined && areaOf(before) === areaOf(code) && before > code;
    });
    expect(unordered).toEqual([]);
  });

  it('gives each code the HTTP status and the exit code that the sources give it', () => {
    const wrong = rows.flatMap(({ code, results }) =>
      [...(found.get(code)?.results ?? [])]
        .filter((result) => !results.split(/[,;] /).includes(result))
        .map((result) => `${code}: ${result} is not in "${results}"`),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the collector of codes', () => {
  it('finds literals, in any quotes and in types, but not in comments, file names and sentences', () => {
    const text =
      "/** `a.b` */ type T = 'run.one'; // 'c.d'\nconst x = ['step.two', \"bus.three\", `store.four-five`, 'site.json', 'a.b.c', 'Some text. a.b', 'up.lock'];";
    expect(codesIn(text).map((one) => one.code)).toEqual(['run.one', 'step.two', 'bus.three', 'store.four-five']);
  });

  it('finds the code that a message begins with', () => {
    const text =
      "print('run.unfinished: a run'); print(`store.bug: ${x}`, 'error: cli.usage: '); print(`a store.no: ${x}`); print(`site.json: ${x}`);";
    expect(codesIn(text)).toEqual([{ code: 'run.unfinished' }, { code: 'store.bug' }, { code: 'cli.usage' }]);
  });

  it('follows a function that puts the code together, and says so where it cannot', () => {
    const text =
      "function refused(code: string) { return new MusterError('unauthenticated', `session.${code}`); }\n" +
      "throw refused('too-long'); refused(which); new CliError(`cli.${x.y}`); print(`sub.${x}.y`, `edge.${x}: y`);";
    expect(codesIn(text)).toEqual([
      { code: 'session.too-long', result: '401' },
      { code: 'session.*', result: '401' },
      { code: 'cli.*' },
      { code: 'edge.*' },
    ]);
  });

  it('knows the status or the exit code beside the code', () => {
    const text =
      "new MusterError('conflict', 'resource.name-taken', ''); const x = { category: 'too-large', code: 'request.too-large' };" +
      "const y = { status: 504, code: 'edge.slow' }; new CliError('cli.what', '', EXIT_CODES.usage); const z = { 'up.x': EXIT_CODES.failed };";
    expect(codesIn(text)).toEqual([
      { code: 'resource.name-taken', result: '409' },
      { code: 'request.too-large', result: '413' },
      { code: 'edge.slow', result: '504' },
      { code: 'cli.what', result: 'exit 2' },
      { code: 'up.x', result: 'exit 1' },
    ]);
  });
});

function areaOf(code: string): string {
  return code.slice(0, code.indexOf('.'));
}
