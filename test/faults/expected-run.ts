import { crc32 } from 'node:zlib';
import type { StepReport } from '@muster/sequence/report.js';
import type { ExecuteEffect, JournalEntry, Run } from '@muster/sequence/run.js';
import { type Simulation, simulate } from '@muster/sequence/simulate.js';
import { outcomeOf, probeOf, started } from './scenario.js';

/** What the pure engine says a run must have been. */
export interface ExpectedRun {
  readonly simulation: Simulation;
  /** Each execution with what it saw (`seenBy`), interrupted ones included. */
  readonly executions: readonly string[];
  /** The reports without their times. */
  readonly reports: readonly string[];
}

const known = new Map<string, ExpectedRun>();

/** The run in which the executions with these numbers, from 0, were interrupted. */
export function expectedRun(interrupted: ReadonlySet<number>): ExpectedRun {
  const key = [...interrupted].sort((a, b) => a - b).join();
  let expected = known.get(key);
  if (!expected) {
    const executions: string[] = [];
    const answer = (effect: ExecuteEffect, run: Run): ReturnType<typeof outcomeOf> | 'interrupted' => {
      executions.push(seenBy(effect, run));
      if (interrupted.has(executions.length - 1)) return 'interrupted';
      const outcome = outcomeOf(effect, run);
      const warnings = [...effect.warnings, ...(outcome.warnings ?? [])];
      return warnings.length > 0 ? { ...outcome, warnings } : outcome;
    };
    const simulation = simulate(started, answer, 'then', { maximumEvents: 1000, probe: probeOf });
    expected = { simulation, executions, reports: simulation.reports.map(timeless) };
    known.set(key, expected);
  }
  return expected;
}

/** All that a step could see, as one text. */
export function seenBy({ path, attempt, settings }: ExecuteEffect, { phase, variables }: Run): string {
  const { run, action, readOnly } = variables;
  return JSON.stringify([path, attempt, settings, phase, run, action, readOnly]);
}

/** A report as text, without its time. */
export function timeless({ at: _, ...report }: StepReport): string {
  return JSON.stringify(report);
}

/** What survived in a journal: read here by other code than the agent's, which must come to the same. */
export interface Survivors {
  readonly lines: number;
  /** Executions begun. */
  readonly begun: number;
  /** Numbers of those that were interrupted, the one in flight included. */
  readonly interrupted: ReadonlySet<number>;
  /** The number of the execution that was in flight. */
  readonly inFlight: number | undefined;
}

export function survivors(content: Buffer | undefined): Survivors {
  let begun = 0;
  let inFlight: number | undefined;
  const interrupted = new Set<number>();
  const lines = wholeLines(content?.toString('latin1') ?? '');
  for (const line of lines) {
    for (const { event } of line) {
      if (event.type === 'step-started') inFlight = begun++;
      else if (event.type === 'step-ended') inFlight = undefined;
      else if (event.type === 'interrupted') {
        interrupted.add(begun - 1);
        inFlight = undefined;
      }
    }
  }
  if (inFlight !== undefined) interrupted.add(inFlight);
  return { lines: lines.length, begun, interrupted, inFlight };
}

/** The entries of each whole line; bytes as latin1. */
function wholeLines(text: string): JournalEntry[][] {
  const lines: JournalEntry[][] = [];
  const [header, ...rest] = text.split('\n').slice(0, -1);
  if (header !== '{"format":"muster-journal","version":1}') return lines;
  for (const line of rest) {
    const [, checksum, entries] = /^\{"crc":"([0-9a-f]{8})","entries":(\[.*\])\}$/.exec(line) ?? [];
    if (entries === undefined || crc32(Buffer.from(entries, 'latin1')) !== parseInt(checksum ?? '', 16)) return lines;
    lines.push(JSON.parse(Buffer.from(entries, 'latin1').toString()) as JournalEntry[]);
  }
  return lines;
}
