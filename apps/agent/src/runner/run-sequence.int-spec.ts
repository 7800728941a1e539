import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SequenceNode } from '@muster/sequence/model.js';
import { type StepReport, stepReportSchema } from '@muster/sequence/report.js';
import { Journal } from '../journal/journal.js';
import { LocalContent } from './local-content.js';
import { InvalidSequenceError, type RunSequenceOptions, runSequence } from './run-sequence.js';
import type { StepPerformer } from './step-performer.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-runner-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const shell = (name: string, command: string, more: Partial<SequenceNode> = {}): SequenceNode => ({
  step: name,
  type: 'RunCommandLine',
  settings: { command, shell: true },
  ...more,
});

function options(
  steps: SequenceNode[],
  reports: StepReport[],
  more: Partial<RunSequenceOptions> = {},
): RunSequenceOptions {
  return {
    runId: 'run-1',
    sequence: { name: 'demo', spec: { steps } },
    variables: {},
    facts: { phase: 'FullOS' },
    folder: join(folder, 'run'),
    content: new LocalContent(undefined),
    signal: new AbortController().signal,
    onReport: (report) => void reports.push(stepReportSchema.parse(report)),
    ...more,
  };
}
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

describe('runSequence', () => {
  it('throws all findings of a bad document before anything is written', async () => {
    const bad = options(
      [
        { step: 'x', type: 'Nothing' },
        { step: '', type: 'RunCommandLine', settings: {} },
      ],
      [],
    );
    const error: unknown = await runSequence(bad).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InvalidSequenceError);
    expect((error as InvalidSequenceError).findings).toHaveLength(3);
    expect(existsSync(join(folder, 'run'))).toBe(false);
  });

  it('tells nothing that the journal does not hold yet', async () => {
    const behind: number[] = [];
    const asked = options(
      [shell('a', 'true'), shell('b', 'exit 3', { continueOnError: true }), shell('c', 'true')],
      [],
    );
    const told: StepReport[] = [];
    const onReport = (report: StepReport): void => {
      told.push(report);
      const events = Journal.read(asked.folder).map((entry) => entry.event);
      const ended = events.filter((event) => event.type === 'step-ended').length;
      const finished = told.filter((other) => other.event === 'step-finished').length;
      behind.push(finished - ended);
    };
    expect((await runSequence({ ...asked, onReport })).result).toBe('succeeded');
    expect(Math.max(...behind)).toBe(0);
  });

  it('ends a run as failed when it is told to stop, in spite of continue on error, and reports the rest', async () => {
    const stop = new AbortController();
    const reports: StepReport[] = [];
    const steps = [shell('a', `touch ${folder}/ready; sleep 600`, { continueOnError: true }), shell('b', 'true')];
    const running = runSequence(options(steps, reports, { stop: stop.signal }));
    await until(() => existsSync(join(folder, 'ready')));
    stop.abort('maximum run time reached');
    expect(await running).toMatchObject({
      result: 'failed',
      exitCode: 1,
      code: 'run.stopped',
      message: 'stopped: maximum run time reached',
    });
    expect(reports.flatMap((report) => (report.outcome ? [`${report.path} ${report.reason}`] : []))).toEqual([
      'a stopped',
      'b run-stopped',
    ]);
  });

  it('stays pending while the computer has not restarted', async () => {
    const steps = [shell('a', 'exit 194'), shell('b', 'true')];
    const results = [];
    for (const restarted of [true, false, true]) {
      results.push((await runSequence(options(steps, [], { restarted: () => restarted }))).result);
    }
    expect(results).toEqual(['restart-pending', 'restart-pending', 'succeeded']);
  });

  it('keeps the end of a step before the computer is asked about the next one, and tells it', async () => {
    const steps = [shell('a', 'true'), shell('b', 'true', { condition: { file: '/asked' } })];
    const reports: StepReport[] = [];
    const seen: unknown[] = [];
    const performer: StepPerformer = {
      perform: () => Promise.resolve({ exitCode: 0 }),
      probe: () => {
        seen.push(Journal.read(join(folder, 'run')).at(-1)?.event.type, reports.at(-1)?.outcome);
        return Promise.resolve([{ result: true }]);
      },
    };
    expect((await runSequence(options(steps, reports, { performer }))).result).toBe('succeeded');
    expect(seen).toEqual(['step-ended', 'succeeded']);
  });

  it('is not begun again when it is known to have begun and its journal is gone', async () => {
    const steps = [shell('a', `echo x >> ${folder}/log; exit 194`), shell('b', 'true')];
    await runSequence(options(steps, []));
    rmSync(join(folder, 'run', 'journal.jsonl'));
    await expect(runSequence(options(steps, [], { begun: true }))).rejects.toMatchObject({ code: 'journal.removed' });
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('x\n');
  });

  it('ends a run whose journal is taken away, before the next step begins', async () => {
    const steps = [shell('a', `rm ${folder}/run/journal.jsonl`), shell('b', `touch ${folder}/b`)];
    const reports: StepReport[] = [];
    await expect(runSequence(options(steps, reports))).rejects.toMatchObject({ code: 'journal.removed' });
    expect([existsSync(join(folder, 'b')), reports.map(({ event }) => event)]).toEqual([
      false,
      ['run-started', 'step-started'],
    ]);
  });

  it('gives a finished run again, same numbers, nothing executed', async () => {
    const first: StepReport[] = [];
    const again: StepReport[] = [];
    const steps = [shell('a', `echo x >> ${folder}/log`)];
    await runSequence(options(steps, first));
    rmSync(join(folder, 'log'));
    expect((await runSequence(options([], again))).result).toBe('succeeded');
    expect([again, existsSync(join(folder, 'log'))]).toEqual([first, false]);
  });

  it('runs a child sequence in the environment of its parent', async () => {
    const reports: StepReport[] = [];
    const set: SequenceNode = { step: 'set', type: 'SetTaskSequenceVariable', settings: { name: 'Y', value: 'child' } };
    const asked = options([{ sequence: 'c' }, shell('use', 'test "$TS_Y" = child')], reports, {
      children: { c: { steps: [set] } },
    });
    expect((await runSequence(asked)).result).toBe('succeeded');
    expect(reports.map((report) => report.path)).toContain('c/set');
  });
});
