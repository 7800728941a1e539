/** Types of jest-report.mjs for its test: the tools that run before the first build are plain JavaScript. */
export interface Failure {
  file: string;
  name: string;
  message: string;
}

export interface Results {
  passed: { file: string; name: string }[];
  failures: Failure[];
  suites: Failure[];
}

export function readReport(file: string): object | undefined;
export function readResults(report: object, root: string): Results;
export function judge(first: Results, second: Results): { passed: number; failed: Failure[]; flaky: Failure[] };
export function failureLines(failures: readonly Failure[]): string[];
export function failureLine(failure: Failure): string;
export function flakyLine(failure: Failure): string;
