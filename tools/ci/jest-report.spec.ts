import { failureLine, failureLines, flakyLine, judge, readResults, type Results } from './jest-report.mjs';

/** A report as jest writes it: per file its tests, each `true`, `false`, or a text that it failed with. */
function report(files: Record<string, Record<string, boolean | string>>, unloadable: string[] = []): Results {
  const suites = Object.entries(files).map(([file, tests]) => {
    const assertionResults = Object.entries(tests).map(([fullName, result]) => ({
      fullName,
      status: result === true ? 'passed' : 'failed',
      failureMessages: result === true ? [] : [result === false ? 'Error: no' : result],
    }));
    const failed = assertionResults.some(({ status }) => status === 'failed');
    return {
      name: `/root/${file}`,
      status: failed ? 'failed' : 'passed',
      message: failed ? 'all of it' : '',
      assertionResults,
    };
  });
  const broken = unloadable.map((file) => ({
    name: `/root/${file}`,
    status: 'failed',
    message: 'cannot be loaded',
    assertionResults: [],
  }));
  return readResults({ testResults: [...suites, ...broken] }, '/root');
}

const names = (failures: readonly { file: string; name: string }[]) =>
  failures.map(({ file, name }) => `${file} ${name}`);

describe('the report of a run of tests', () => {
  it('says of each failed test where it is and what it said, in 15 lines at most without colours and the inside of jest', () => {
    const inside = '    at run (/x/node_modules/jest-circus/build/run.js:1:2)';
    const long = [
      '\u001b[31mError: late\u001b[39m',
      '',
      inside,
      ...Array.from({ length: 40 }, (_, n) => `line ${n}`),
    ].join('\n');
    const { failures } = report({ 'a.spec.ts': { 'one two': long, three: true } });
    expect(failures.map(failureLine)).toEqual(['a.spec.ts › one two: Error: late']);
    const lines = failureLines(failures);
    expect(lines.slice(0, 3)).toEqual(['  a.spec.ts › one two', '      Error: late', '      line 0']);
    expect(lines).toHaveLength(16);
  });

  it('tells two tests of one name apart', () => {
    const twins = [false, true].map((good) => ({
      fullName: 'twin',
      status: good ? 'passed' : 'failed',
      failureMessages: good ? [] : ['Error: no'],
    }));
    const suite = { name: '/root/a.spec.ts', status: 'failed', message: '', assertionResults: twins };
    const results = readResults({ testResults: [suite] }, '/root');
    expect([names(results.failures), names(results.passed)]).toEqual([['a.spec.ts twin'], ['a.spec.ts twin (2)']]);
  });

  it('counts a file that could not be loaded as one failure', () => {
    const { passed, failures } = report({ 'a.spec.ts': { one: true } }, ['b.spec.ts']);
    expect(names(passed)).toEqual(['a.spec.ts one']);
    expect(failures).toEqual([{ file: 'b.spec.ts', name: '(the whole file)', message: 'cannot be loaded' }]);
  });
});

describe('two runs of tests', () => {
  const first = () => report({ 'a.spec.ts': { one: 'Error: late\n  at x', two: true }, 'b.spec.ts': { three: true } });

  it('make a test that passes the second time a flaky one, which counts as passed', () => {
    const { passed, failed, flaky } = judge(first(), report({ 'a.spec.ts': { one: true, two: true } }));
    expect([passed, failed]).toEqual([3, []]);
    expect(flaky.map(flakyLine)).toEqual(['FLAKY a.spec.ts one: Error: late']);
  });

  it('make a test that fails twice a failed one, with what it said first', () => {
    const { passed, failed, flaky } = judge(first(), report({ 'a.spec.ts': { one: 'Error: again', two: true } }));
    expect([passed, flaky]).toEqual([2, []]);
    expect(failed).toMatchObject([{ file: 'a.spec.ts', name: 'one', message: 'Error: late\n  at x' }]);
  });

  it('make a test that only the second run failed a flaky one, too', () => {
    const { passed, failed, flaky } = judge(first(), report({ 'a.spec.ts': { one: true, two: false } }));
    expect([passed, failed, names(flaky)]).toEqual([3, [], ['a.spec.ts one', 'a.spec.ts two']]);
  });

  it('forgive nothing when the second one ended without results', () => {
    const { passed, failed } = judge(first(), report({}));
    expect([passed, names(failed)]).toEqual([2, ['a.spec.ts one']]);
    const unloadable = judge(first(), report({}, ['a.spec.ts']));
    expect(names(unloadable.failed)).toEqual(['a.spec.ts one', 'a.spec.ts (the whole file)']);
  });

  it('forgive a file that could not be loaded only when all of it passes the second time', () => {
    const broken = report({ 'b.spec.ts': { three: true } }, ['a.spec.ts']);
    const well = judge(broken, report({ 'a.spec.ts': { one: true, two: true } }));
    expect([well.passed, well.failed, names(well.flaky)]).toEqual([3, [], ['a.spec.ts (the whole file)']]);
    const badly = judge(broken, report({ 'a.spec.ts': { one: true, two: false } }));
    expect(names(badly.failed)).toEqual(['a.spec.ts (the whole file)', 'a.spec.ts two']);
  });
});
