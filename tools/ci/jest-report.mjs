import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** What stands for the name of a test where the whole file failed: it did not load, or a hook around it failed. */
const wholeFile = '(the whole file)';
const mostLines = 15;
const mostCharacters = 200;

/**
 * @typedef {object} Failure
 * @property {string} file relative to the checkout
 * @property {string} name full name of the test
 * @property {string} message without colours
 */

/** @returns the report of `jest --json --outputFile=…`, undefined where jest did not come so far as to write it */
export function readReport(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/**
 * What a report says in the words of a summary. A file that failed without a failed test in it is one failure.
 *
 * @returns {{ passed: {file: string, name: string}[], failures: Failure[], suites: Failure[] }} `suites`: the whole output of
 *   every failed file
 */
export function readResults(report, root) {
  const passed = [];
  const failures = [];
  const suites = [];
  for (const suite of report.testResults) {
    const file = relative(root, suite.name);
    const before = failures.length;
    const seen = new Map();
    for (const { status, fullName, failureMessages } of suite.assertionResults) {
      // Two tests of one name are two tests: one of them must not pass for the other.
      const count = (seen.get(fullName) ?? 0) + 1;
      seen.set(fullName, count);
      const name = count === 1 ? fullName : `${fullName} (${count})`;
      if (status === 'passed') passed.push({ file, name });
      if (status === 'failed') failures.push({ file, name, message: plain(failureMessages.join('\n')) });
    }
    if (suite.status !== 'failed') continue;
    const message = plain(suite.message ?? '');
    if (failures.length === before) failures.push({ file, name: wholeFile, message });
    suites.push({ file, name: wholeFile, message });
  }
  return { passed, failures, suites };
}

/**
 * Judges by two runs: the second one had only the files with failures, alone. What failed in both has failed; what failed in
 * one of them is flaky and counts as passed. A test that the second run says nothing about has failed.
 *
 * @returns {{ passed: number, failed: Failure[], flaky: Failure[] }}
 */
export function judge(first, second) {
  const both = [first, second];
  const passedOnce = new Set(both.flatMap(({ passed }) => passed.map(keyOf)));
  const filesThatRan = new Set(second.passed.map(({ file }) => file));
  for (const { file } of second.suites) filesThatRan.delete(file);
  const wentWell = (failure) =>
    failure.name === wholeFile ? filesThatRan.has(failure.file) : passedOnce.has(keyOf(failure));
  const all = new Map(both.flatMap(({ failures }) => failures.map((failure) => [keyOf(failure), failure])));
  // What was seen first is what has to be explained.
  for (const failure of first.failures) all.set(keyOf(failure), failure);
  const failed = [...all.values()].filter((failure) => !wentWell(failure));
  const flaky = [...all.values()].filter(wentWell);
  return { passed: passedOnce.size, failed, flaky };
}

/** The failed tests and what each said first, as lines. */
export function failureLines(failures) {
  return failures.flatMap(({ file, name, message }) => [
    `  ${file} › ${name}`,
    ...linesOf(message)
      .slice(0, mostLines)
      .map((line) => `      ${line}`),
  ]);
}

/** One line about a failed test: where, and the first line of what it said. */
export function failureLine({ file, name, message }) {
  return `${file} › ${name}: ${firstLine(message)}`;
}

/** One line about a test that failed once and passed once. */
export function flakyLine({ file, name, message }) {
  return `FLAKY ${file} ${name}: ${firstLine(message)}`;
}

function firstLine(message) {
  return linesOf(message)[0]?.trim().slice(0, mostCharacters) ?? 'no message';
}

/** Without empty lines and without the inside of the test runner. */
function linesOf(message) {
  return message
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !/^\s+at .*[/\\]node_modules[/\\]/.test(line));
}

function keyOf({ file, name }) {
  return `${file}\0${name}`;
}

function plain(text) {
  return stripVTControlCharacters(text);
}
