import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { StepReport } from '@muster/sequence/report.js';
import { until } from '@muster/testing/until.js';
import { AgentProgram } from '../test/agent-program.js';
import { runCommand } from './run-command.js';
import { findMarked } from './steps/process-tree.js';

type Line = StepReport & { replayed?: boolean };

let folder: string;
let state: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-run-test-'));
  state = join(folder, 'state');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function writeSequence(steps: object[], more: object = {}): string {
  const file = join(folder, 'sequence.yaml');
  writeFileSync(
    file,
    stringify({ apiVersion: 'muster/v1', kind: 'TaskSequence', metadata: { name: 'demo' }, spec: { ...more, steps } }),
  );
  return file;
}
const shell = (name: string, command: string, more: object = {}): object => ({
  step: name,
  type: 'RunCommandLine',
  settings: { command, shell: true },
  ...more,
});

async function run(...argv: string[]): Promise<{ code: number; out: string[]; error: string[]; reports: Line[] }> {
  const out: string[] = [];
  const error: string[] = [];
  const code = await runCommand(argv, { out: (line) => out.push(line), error: (line) => error.push(line) });
  return { code, out, error, reports: argv.includes('json') ? out.map((line) => JSON.parse(line) as Line) : [] };
}
const outcomes = (reports: Line[]): string[] =>
  reports.filter((report) => report.event === 'step-finished').map((report) => `${report.path} ${report.outcome}`);

describe('muster run', () => {
  it('runs groups, variables, content and conditions, and prints one JSON event per line', async () => {
    const content = join(folder, 'packages');
    mkdirSync(join(content, 'hello'), { recursive: true });
    writeFileSync(join(content, 'hello', 'install.sh'), '#!/bin/sh\necho "hello $1 from $TS_Where" > "$2"\n');
    chmodSync(join(content, 'hello', 'install.sh'), 0o755);
    writeFileSync(
      join(content, 'hello', 'package.yaml'),
      'programs:\n  install: {command: install.sh "%Who%" %Out%}\n',
    );
    const file = writeSequence(
      [
        {
          group: 'Prepare',
          continueOnError: true,
          steps: [
            shell('who', 'echo "big world"', { settings: { command: 'echo big world', outputVariable: 'Who' } }),
            shell('breaks', 'exit 5'),
            shell('never', 'true'),
          ],
        },
        shell('not now', 'true', { condition: { variable: 'Who', operator: 'notExists' } }),
        { step: 'install', type: 'InstallPackage', settings: { package: 'hello', program: 'install' } },
      ],
      { variables: { Out: join(folder, 'out'), Where: 'nowhere' } },
    );
    const { code, reports } = await run(file, '--content', content, '--var', 'Where=here', '-o', 'json');
    expect(outcomes(reports)).toEqual([
      'Prepare/who succeeded',
      'Prepare/breaks failed',
      'Prepare/never skipped',
      'not now skipped',
      'install succeeded',
    ]);
    expect(reports.at(-1)).toMatchObject({ event: 'run-finished', result: 'succeeded', exitCode: 0 });
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('hello big world from here\n');
    expect(code).toBe(0);
  });

  it('ends with 1 and the code of the failing step, and prints a tree for people', async () => {
    const file = writeSequence([{ group: 'G', steps: [shell('a', 'echo why >&2; exit 7')] }, shell('b', 'true')]);
    const { code, out } = await run(file);
    expect(code).toBe(1);
    expect(out.join('\n').replaceAll(/\d\.\d s/g, 'T')).toBe(
      [
        'demo (2 steps)',
        '  G',
        '    ✗ a (exit code 7; success is 0, 3010) T',
        '      | why',
        '  - b (skipped: run-failed)',
        'failed in T: "G/a" failed: exit code 7; success is 0, 3010',
      ].join('\n'),
    );
  });

  it('refuses a document that is not valid with 3 and all findings, and writes nothing', async () => {
    const file = writeSequence([
      { step: 'a', type: 'RunComandLine' },
      { step: 'b', type: 'InstallPackage', settings: { package: 'x' } },
    ]);
    const { code, out, error } = await run(file, '--state', state);
    expect([code, out, existsSync(state)]).toEqual([3, [], false]);
    expect(error).toEqual([
      `${file}:8:7 error sequence.unknown-step-type /spec/steps/0/type: there is no step type "RunComandLine"; did you mean RunCommandLine?`,
      expect.stringMatching(/sequence\.missing-field \/spec\/steps\/1\/settings\/program/),
    ]);
  });

  it.each([
    [['absent.yaml'], 3, /document\.not-readable/],
    [[], 2, /missing required argument/],
    [['FILE', '--var', '_X=1'], 2, /variable\.read-only/],
    [['FILE', '--var', 'X'], 2, /NAME=VALUE/],
    [['FILE', '-o', 'xml'], 2, /human or json/],
    [['FILE', '--resume'], 2, /run\.state-missing/],
    [['FILE', '--state', 'FILE/below'], 4, /journal\.not-readable|journal\.not-writable/],
  ])('answers %j with %i and one clear line', async (argv, expected, message) => {
    const file = writeSequence([shell('a', 'true')]);
    const { code, error } = await run(...argv.map((word) => word.replace('FILE', file)));
    expect([code, error.join('\n')]).toEqual([expected, expect.stringMatching(message)]);
    expect(error.join('\n')).not.toMatch(/\n\s+at /);
  });

  it('fails a step whose content cannot be had, with the code of the content', async () => {
    const file = writeSequence([
      { step: 'i', type: 'InstallPackage', continueOnError: true, settings: { package: 'x', program: 'y' } },
      { step: 'j', type: 'InstallPackage', settings: { package: '..', program: 'y' } },
    ]);
    const { reports } = await run(file, '--content', folder, '-o', 'json');
    expect(reports.filter((report) => report.outcome).map((report) => report.code)).toEqual([
      'content.package-not-found',
      'content.invalid-name',
    ]);
  });

  it('keeps secrets out of events, and masks what a process prints', async () => {
    const file = writeSequence([
      { step: 's', type: 'SetTaskSequenceVariable', settings: { name: 'Pw', value: 'hunter2', secret: true } },
      shell('a', 'echo %Pw%; env | grep ^TS_Pw; exit 9'),
    ]);
    const { out, code } = await run(file, '-o', 'json');
    expect([code, out.join('\n').includes('hunter2'), out.join('\n').includes('********')]).toEqual([1, false, true]);
  });

  it('stops for a restart with 5, refuses to start over, and goes on behind the step with --resume', async () => {
    const file = writeSequence([
      shell('a', `echo a >> ${folder}/log; exit 194`),
      shell('b', `echo b >> ${folder}/log`),
    ]);
    const first = await run(file, '--state', state, '-o', 'json');
    expect([first.code, first.reports.at(-1)?.result]).toEqual([5, 'restart-pending']);
    expect((await run(file, '--state', state)).code).toBe(4);
    const second = await run(file, '--state', state, '--resume', '-o', 'json');
    expect([second.code, readFileSync(join(folder, 'log'), 'utf8')]).toEqual([0, 'a\nb\n']);
    const replayed = second.reports.filter((report) => report.replayed).map(({ replayed: _, ...report }) => report);
    expect(replayed).toEqual(first.reports);
    expect(second.reports.map((report) => report.number)).toEqual(second.reports.map((_, index) => index + 1));
    expect((await run(file, '--state', state)).code).toBe(5);
  });

  it('tries again after a pause', async () => {
    const file = writeSequence([
      shell('a', `echo x >> ${folder}/tries; test $(wc -l < ${folder}/tries) -ge 3`, {
        retry: { attempts: 3, backoffSeconds: 0.05 },
      }),
    ]);
    const { code, reports } = await run(file, '-o', 'json');
    expect([
      code,
      reports.filter((report) => report.event === 'step-finished').map((report) => report.attempt),
    ]).toEqual([0, [3]]);
  });
});

describe('a run that is killed', () => {
  const agent = new AgentProgram();
  let program: ChildProcess | undefined;

  afterEach(() => program?.kill('SIGKILL'));

  function start(...argv: string[]): { exited: Promise<number | null>; lines: () => Line[] } {
    let text = '';
    const child = spawn(process.execPath, [agent.path('command-line/main-local.js'), 'run', ...argv, '-o', 'json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    program = child;
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    return {
      exited,
      lines: () =>
        text
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Line),
    };
  }

  it.each([
    ['is repeatable: it runs again', { repeatable: true }, 'succeeded', 0, 2],
    ['is not repeatable: it failed, and continue on error decides', { continueOnError: true }, 'failed', 0, 1],
    ['is not repeatable, nobody absorbs it: the run failed', {}, 'failed', 1, 1],
  ])('in the middle of a step that %s', async (_, more, outcome, code, times) => {
    const middle = `echo begin >> ${folder}/log; test -e ${folder}/go || sleep 600`;
    const file = writeSequence([
      { step: 'v', type: 'SetTaskSequenceVariable', settings: { name: 'V', value: 'kept' } },
      shell('before', `echo before >> ${folder}/log`),
      { group: 'G', steps: [shell('middle', middle, more)] },
      shell('after', `echo "after $TS_V" >> ${folder}/log`),
    ]);
    const first = start(file, '--state', state);
    await until(() => existsSync(join(folder, 'log')) && readFileSync(join(folder, 'log'), 'utf8').includes('begin'));
    program?.kill('SIGKILL');
    await first.exited;
    const runId = first.lines()[0]?.runId;
    expect(findMarked(`${runId}:3`)).not.toEqual([]);
    appendFileSync(join(state, 'journal.jsonl'), '{"crc":"dead');
    writeFileSync(join(folder, 'go'), '');

    const second = start(file, '--state', state, '--resume');
    expect(await second.exited).toBe(code);
    const lines = second.lines();
    const after = code === 0 ? 'succeeded' : 'skipped';
    expect(outcomes(lines)).toEqual(['v succeeded', 'before succeeded', `G/middle ${outcome}`, `after ${after}`]);
    const earlier = lines.filter((line) => line.replayed).map(({ replayed: _replayed, ...line }) => line);
    expect(earlier.slice(0, first.lines().length)).toEqual(first.lines());
    const log = readFileSync(join(folder, 'log'), 'utf8').trim().split('\n');
    expect(log).toEqual(['before', ...Array<string>(times).fill('begin'), ...(code === 0 ? ['after kept'] : [])]);
    // What the killed agent left behind was ended before the run went on.
    expect(findMarked(`${runId}:3`)).toEqual([]);
  });

  it('lets go on SIGTERM, and can be resumed', async () => {
    const file = writeSequence([
      shell('a', `touch ${folder}/ready; test -e ${folder}/go || sleep 600`, { repeatable: true }),
    ]);
    const first = start(file, '--state', state);
    await until(() => existsSync(join(folder, 'ready')));
    program?.kill('SIGTERM');
    expect(await first.exited).toBe(130);
    writeFileSync(join(folder, 'go'), '');
    expect(await start(file, '--state', state, '--resume').exited).toBe(0);
  });
});
