import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runQuietly } from './run.mjs';

/** What a change must pass, cheapest first. `jest: true` steps count tests. */
const steps = [
  { title: 'format', script: 'format:check' },
  { title: 'lint', script: 'lint' },
  { title: 'types', script: 'types' },
  { title: 'boundaries', script: 'boundaries' },
  { title: 'unit tests', script: 'test:unit', jest: true },
  { title: 'integration tests', script: 'test:int', jest: true },
  { title: 'end-to-end tests', script: 'test:e2e', jest: true },
];

/**
 * Runs every step, also after a failed one, and prints as its last line `N passed, N failed`.
 * A failed step without tests, and a test file that could not run, count as one failure each.
 *
 * @returns {Promise<number>} exit code
 */
export async function runTests() {
  const reports = mkdtempSync(join(tmpdir(), 'muster-test-'));
  let passed = 0;
  let failed = 0;
  try {
    for (const step of steps) {
      const result = await runStep(step, join(reports, `${step.title.replaceAll(' ', '-')}.json`));
      passed += result.passed;
      failed += result.failed;
    }
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function runStep({ title, script, jest = false }, report) {
  const started = performance.now();
  const flags = jest ? ['--', '--json', `--outputFile=${report}`, '--passWithNoTests'] : [];
  const { exitCode, output } = await runQuietly('npm', ['run', '-s', script, ...flags]);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const counts = jest ? readCounts(report) : { passed: 0, failed: 0 };
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1;
  const tests = jest ? `, ${counts.passed} passed, ${counts.failed} failed` : '';
  console.log(`${exitCode === 0 ? 'ok  ' : 'FAIL'} ${title} (${seconds} s${tests})`);
  if (exitCode !== 0) console.log(output);
  return counts;
}

function readCounts(report) {
  if (!existsSync(report)) return { passed: 0, failed: 0 };
  const result = JSON.parse(readFileSync(report, 'utf8'));
  return { passed: result.numPassedTests, failed: result.numFailedTests + result.numRuntimeErrorTestSuites };
}
