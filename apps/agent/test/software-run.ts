import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { replay } from '@muster/sequence/advance.js';
import type { SequenceNode, StepNode } from '@muster/sequence/model.js';
import type { StepReport } from '@muster/sequence/report.js';
import { readVariable } from '@muster/sequence/variables.js';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { Journal } from '../src/journal/journal.js';
import { LocalContent } from '../src/runner/local-content.js';
import { type RunSequenceOptions, type SequenceResult, runSequence } from '../src/runner/run-sequence.js';

/** A folder with content, and real runs of the engine and the executors with it. */
export class SoftwareRun {
  readonly folder = mkdtempSync(join(tmpdir(), 'muster-software-'));
  private runs = 0;
  private readonly pathBefore = process.env['PATH'];

  /** Programs of this folder's `bin` stand first in PATH until it is removed. */
  putProgramsFirst(): this {
    process.env['PATH'] = `${this.path('bin')}:${this.pathBefore}`;
    return this;
  }

  remove(): void {
    process.env['PATH'] = this.pathBefore;
    rmSync(this.folder, { recursive: true, force: true });
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** Writes a file below the folder; a text that begins with `#!` becomes executable. */
  write(name: string, text: string): string {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (text.startsWith('#!')) chmodSync(path, 0o755);
    return path;
  }

  /** A file, '' when there is none. */
  read(name: string): string {
    return existsSync(this.path(name)) ? readFileSync(this.path(name), 'utf8') : '';
  }

  /** A package whose programs are shell scripts; `$LOG` is the file `log` of this folder. */
  package(name: string, programs: Readonly<Record<string, string>>, more: Readonly<Record<string, object>> = {}): void {
    const entries = Object.entries(programs).map(([program, script], index) => {
      this.write(`packages/${name}/p${index}.sh`, `#!/bin/sh\nLOG=${this.path('log')}\n${script}\n`);
      return [program, { command: `p${index}.sh`, ...more[program] }];
    });
    this.write(`packages/${name}/package.yaml`, stringify({ programs: Object.fromEntries(entries) }));
  }

  application(name: string, document: object): void {
    this.write(`packages/${name}/application.yaml`, stringify(document));
  }

  /** Runs one step; what came of it, and the run's variables afterwards. */
  async step(
    node: Omit<StepNode, 'step'>,
    variables: Readonly<Record<string, string>> = {},
    more: Partial<RunSequenceOptions> = {},
  ): Promise<StepResult> {
    return this.steps([{ step: 'S', ...node }], variables, more);
  }

  async steps(
    steps: SequenceNode[],
    variables: Readonly<Record<string, string>> = {},
    more: Partial<RunSequenceOptions> = {},
  ): Promise<StepResult> {
    const reports: StepReport[] = [];
    const folder = more.folder ?? this.path('runs', String(++this.runs));
    const end = await runSequence({
      runId: `run-${process.pid}-${this.runs}`,
      sequence: { name: 'test', spec: { steps, variables } },
      variables: {},
      facts: { phase: 'FullOS' },
      folder,
      content: new LocalContent(this.path('packages')),
      signal: new AbortController().signal,
      onReport: (report) => void reports.push(report),
      ...more,
    });
    const { run } = replay(Journal.read(folder));
    const finished = reports.filter((report) => report.event === 'step-finished');
    return {
      end,
      reports,
      report: finished.at(-1),
      work: join(folder, 'work'),
      variable: (name) => run && readVariable(run.variables, name)?.value,
    };
  }
}

export interface StepResult {
  readonly end: SequenceResult;
  readonly reports: readonly StepReport[];
  /** The last step-finished. */
  readonly report: StepReport | undefined;
  /** Where steps of the run work. */
  readonly work: string;
  variable(name: string): string | undefined;
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}
