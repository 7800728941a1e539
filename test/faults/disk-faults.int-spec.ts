import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SequenceNode } from '@muster/sequence/model.js';
import type { StepReport } from '@muster/sequence/report.js';
import { mayMount, SmallDisk } from '@muster/testing/small-disk.js';
import { LocalContent } from '../../apps/agent/src/runner/local-content.js';
import { type RunSequenceOptions, type SequenceResult, runSequence } from '../../apps/agent/src/runner/run-sequence.js';
import { expectedRun, seenBy, survivors, timeless } from './expected-run.js';
import { outcomeOf, probeOf, started } from './scenario.js';

const pageBytes = 4096;
const diskPages = 64;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-disk-faults-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A disk of its own, in memory; the work is done on it. */
async function onDisk(work: (disk: SmallDisk) => Promise<void>): Promise<void> {
  const disk = SmallDisk.mount(diskPages * pageBytes);
  try {
    await work(disk);
  } finally {
    disk.unmount();
  }
}

const itOnDisk = mayMount() ? it : it.skip;

/** The steps of the scenario, and what is told of them. */
class Computer {
  readonly executions: string[] = [];
  readonly reports: StepReport[] = [];

  /** @param padding bytes more in the first line of the journal, which change nothing */
  constructor(
    private readonly runFolder: string,
    private readonly padding = 0,
  ) {}

  /** Restarts as often as the run wants. */
  async run(more: Partial<RunSequenceOptions> = {}): Promise<SequenceResult> {
    for (;;) {
      const { type: _, ...first } = started;
      const result = await runSequence({
        ...first,
        variables: { ...first.variables, media: { Padding: 'x'.repeat(this.padding) } },
        folder: this.runFolder,
        content: new LocalContent(undefined),
        signal: new AbortController().signal,
        waits: 'skipped',
        performer: {
          perform: (effect, run) => {
            this.executions.push(seenBy(effect, run));
            return Promise.resolve(outcomeOf(effect, run));
          },
          probe: (questions) => Promise.resolve(questions.map(probeOf)),
        },
        onReport: (report) => {
          expect(this.reports[report.number - 1] ?? report).toEqual(report);
          this.reports[report.number - 1] = report;
        },
        ...more,
      });
      if (result.result !== 'restart-pending') return result;
    }
  }

  /** Is it as the engine says, after the executions with these numbers were interrupted? */
  expectRun(result: SequenceResult, interrupted: ReadonlySet<number>): void {
    const { simulation, executions, reports } = expectedRun(interrupted);
    expect(result).toEqual(simulation.finished);
    expect(this.executions).toEqual(executions);
    expect(this.reports.map(timeless)).toEqual(reports);
  }
}

const journalOf = (runFolder: string): Buffer => readFileSync(join(runFolder, 'journal.jsonl'));

describe('a run on a disk with faults', () => {
  itOnDisk('that is full ends with a clear code at any line, and goes on where it was when there is room', async () => {
    const failedAt = new Set<number>();
    await onDisk(async (disk) => {
      // Room for so many pages, and bytes more in the first line: what does not fit is another line each time.
      const rooms = [0, 1, 2, 3].flatMap((pages) => [0, 400, 900, 1400, 1900, 2400].map((more) => ({ pages, more })));
      for (const { pages, more } of rooms) {
        const run = join(disk.folder, 'run');
        const computer = new Computer(run, more);
        disk.fill(pages * pageBytes);
        const failure: unknown = await computer.run().catch((error: unknown) => error);
        disk.free();
        if (!(failure instanceof Error)) throw new Error(`${pages} pages were enough`);
        expect(failure).toMatchObject({ code: 'journal.not-writable', message: expect.stringContaining('ENOSPC') });
        const left = readdirSync(disk.folder).includes('run') ? readdirSync(run) : [];
        expect(left.filter((name) => name !== 'journal.jsonl' && name !== 'journal.jsonl.new')).toEqual([]);
        const found = survivors(left.includes('journal.jsonl') ? journalOf(run) : undefined);
        failedAt.add(found.lines);

        // Nothing of the line that did not fit is left, so that nothing has to be cut off.
        if (left.includes('journal.jsonl')) expect(journalOf(run).at(-1)).toBe(10);
        const warnings: string[] = [];
        const result = await computer.run({ onWarning: (message) => warnings.push(message) });
        computer.expectRun(result, found.interrupted);
        expect(warnings).toEqual([]);
        rmSync(run, { recursive: true });
      }
    });
    // The disk was full in the beginning, and at several lines later on.
    expect(failedAt.size).toBeGreaterThanOrEqual(6);
    expect(failedAt.has(0)).toBe(true);
  });

  itOnDisk('that is read-only is refused with a clear code before anything is executed', async () => {
    await onDisk(async (disk) => {
      const run = join(disk.folder, 'run');
      const computer = new Computer(run);
      const refused = { code: 'journal.not-writable', message: expect.stringContaining('EROFS') as string };
      disk.remount('ro');
      await expect(computer.run()).rejects.toMatchObject(refused);
      expect([computer.executions, computer.reports]).toEqual([[], []]);
      disk.remount('rw');

      const letGo = new AbortController();
      const interrupted = await computer.run({
        signal: letGo.signal,
        restart: () => {
          letGo.abort();
          return Promise.resolve({ kind: 'completed', phase: 'FullOS' });
        },
      });
      expect(interrupted.result).toBe('interrupted');
      const done = computer.executions.length;
      disk.remount('ro');
      await expect(computer.run()).rejects.toMatchObject(refused);
      expect(computer.executions.length).toBe(done);
      disk.remount('rw');
      computer.expectRun(await computer.run(), new Set());
    });
  });
});

describe('a run on a computer whose clock is set back', () => {
  it('waits no longer than it was meant and ends as any other', async () => {
    const steps: SequenceNode[] = [
      { step: 'a', type: 'RunCommandLine', settings: { command: 'x' }, retry: { attempts: 3, backoffSeconds: 0.02 } },
      { step: 'b', type: 'RunCommandLine', settings: { command: 'y' } },
    ];
    let now = Date.UTC(2026, 5, 1);
    const seen: string[] = [];
    const reports: StepReport[] = [];
    const { result } = await runSequence({
      runId: 'back',
      sequence: { name: 'back', spec: { steps } },
      variables: {},
      facts: { phase: 'FullOS' },
      folder: join(folder, 'run'),
      content: new LocalContent(undefined),
      signal: new AbortController().signal,
      clock: () => new Date((now -= 86_400_000)).toISOString(),
      performer: {
        perform: ({ name, attempt }) => {
          seen.push(`${name} ${attempt}`);
          return Promise.resolve({ exitCode: attempt < 3 && name === 'a' ? 1 : 0 });
        },
        probe: () => Promise.resolve([]),
      },
      onReport: (report) => void reports.push(report),
    });
    expect([result, seen]).toEqual(['succeeded', ['a 1', 'a 2', 'a 3', 'b 1']]);
    expect(reports.map(({ number }) => number)).toEqual(reports.map((_, index) => index + 1));
  });
});
