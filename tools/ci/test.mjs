import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failureLine, failureLines, flakyLine, judge, readReport, readResults } from './jest-report.mjs';
import { repository, runQuietly } from './run.mjs';

/** What needs no test, cheapest first: side by side, because each computes on one processor. The import rules are a test. */
const checks = [
  { title: 'lint', script: 'lint' },
  { title: 'format', script: 'format:check' },
  { title: 'types', script: 'types' },
];
/** What a change must pass then, cheapest first. `jest: true` steps count tests; in those with `again` failed files get a second run. */
const steps = [
  { title: 'unit tests', script: 'test:unit', jest: true },
  { title: 'integration tests', script: 'test:int', jest: true, again: true },
  { title: 'end-to-end tests', script: 'test:e2e', jest: true, again: true },
];

/** When more files than this fail, it is not the machine that was busy. */
const mostFilesAgain = 6;
/** Of a program that has no report. */
const mostOutputLines = 300;

/**
 * Runs every step, also after a failed one, and prints as its last line `N passed, N failed`.
 * A failed step without tests, and a test file that could not run, count as one failure each. The names of what failed or was
 * flaky come once more right before the last line, so that a log of which only the end is left says them.
 *
 * @returns {Promise<number>} exit code
 */
export async function runTests() {
  const reports = mkdtempSync(join(tmpdir(), 'muster-test-'));
  let results = [];
  try {
    results = await Promise.all(checks.map((check) => runStep(check, reports)));
    for (const step of steps) results.push(await runStep(step, reports));
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.flatMap((result) => result.failed);
  const flaky = results.flatMap((result) => result.flaky);
  if (flaky.length > 0) console.log([`${flaky.length} flaky`, ...flaky.map((one) => `  ${flakyLine(one)}`)].join('\n'));
  if (failed.length > 0) console.log(['failed:', ...failed.map((one) => `  ${failureLine(one)}`)].join('\n'));
  console.log(`${passed} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

/** @returns {Promise<{passed: number, failed: object[], flaky: object[]}>} */
async function runStep({ title, script, jest = false, again = false }, reports) {
  if (!jest) {
    const { exitCode, output, seconds } = await timed('npm', ['run', '-s', script]);
    say(exitCode === 0, title, seconds);
    if (exitCode === 0) return { passed: 0, failed: [], flaky: [] };
    console.log(output);
    const failure = { file: title, name: `npm run ${script}`, message: `exit code ${exitCode}` };
    return { passed: 0, failed: [failure], flaky: [] };
  }
  const first = await runJest(title, script, reports);
  const files = [...new Set(first.failures.map(({ file }) => file))];
  if (!again || first.broken || files.length === 0 || files.length > mostFilesAgain) {
    return { passed: first.passed.length, failed: first.failures, flaky: [] };
  }
  const second = await runJest(`${title} once more: ${files.join(' ')}`, script, reports, [
    '--runInBand',
    '--runTestsByPath',
    ...files,
  ]);
  const verdict = judge(first, second);
  for (const failure of verdict.flaky) console.log(flakyLine(failure));
  return verdict;
}

/** One run of jest, told as it ends: what failed and why in short, then all that the failed files said. */
async function runJest(title, script, reports, flags = []) {
  const file = join(mkdtempSync(join(reports, 'run-')), 'report.json');
  const report = ['--json', `--outputFile=${file}`, '--passWithNoTests'];
  const { exitCode, output, seconds } = await timed('npm', ['run', '-s', script, '--', ...report, ...flags]);
  const written = readReport(file);
  const results = written ? readResults(written, repository) : { passed: [], failures: [], suites: [] };
  // Failed, and no test says why: jest itself did not come to its end.
  const broken = exitCode !== 0 && results.failures.length === 0;
  if (broken) results.failures.push({ file: title, name: `npm run ${script}`, message: `exit code ${exitCode}` });
  say(exitCode === 0, title, seconds, `, ${results.passed.length} passed, ${results.failures.length} failed`);
  if (results.failures.length > 0) console.log(failureLines(results.failures).join('\n'));
  for (const suite of results.suites) console.log(`\n--- ${suite.file}\n${suite.message}`);
  if (broken) console.log(output.split('\n').slice(-mostOutputLines).join('\n'));
  return { ...results, broken };
}

async function timed(command, args) {
  const started = performance.now();
  const result = await runQuietly(command, args);
  return { ...result, seconds: ((performance.now() - started) / 1000).toFixed(1) };
}

function say(good, title, seconds, more = '') {
  console.log(`${good ? 'ok  ' : 'FAIL'} ${title} (${seconds} s${more})`);
}
