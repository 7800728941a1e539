import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { replay } from '@muster/sequence/advance.js';
import type { SequenceNode } from '@muster/sequence/model.js';
import type { StepReport } from '@muster/sequence/report.js';
import type { ExecuteEffect, JournalEntry } from '@muster/sequence/run.js';
import { type SimulatedOutcome, simulate } from '@muster/sequence/simulate.js';
import { stringify } from 'yaml';
import { Journal } from '../../apps/agent/src/journal/journal.js';
import { findMarked } from '../../apps/agent/src/steps/process-tree.js';
import { randomNumbers } from './random.js';

/**
 * What every step does: says that it begins, leaves a process of its own session that ticks, works, ends it, says that it ends.
 * `kill -9` takes nothing back that a process has written, so the log tells the truth.
 */
const worker = `#!/bin/sh
log=$1 name=$2 code=$3
echo "begin $name $$" >> "$log"
setsid sh -c 'while :; do echo "tick $2 $3" >> "$1"; sleep 0.02; done' ticker "$log" "$name" $$ &
ticker=$!
sleep 0.06
kill $ticker; wait $ticker 2> /dev/null
echo "end $name $$" >> "$log"
echo "value of $name"
exit $code
`;

/** Exit codes of the steps that do not exit with 0; 194 is how a POSIX process says 3010. */
const exitCodes: Readonly<Record<string, number>> = { s3: 9, s6: 194 };

function steps(folder: string): SequenceNode[] {
  const step = (name: string, more: object = {}, settings: object = {}): SequenceNode => ({
    step: name,
    type: 'RunCommandLine',
    settings: {
      command: join(folder, 'worker'),
      arguments: [join(folder, 'log'), name, String(exitCodes[name] ?? 0)],
      ...settings,
    },
    ...more,
  });
  const repeatable = { repeatable: true };
  const failed = { variable: '_SMSTSLastActionSucceeded', operator: 'equals' as const, value: 'false' };
  return [
    step('s1', repeatable, { outputVariable: 'First' }),
    { step: 'set', type: 'SetTaskSequenceVariable', settings: { name: 'Second', value: 'after %First%' } },
    step('s2', { continueOnError: true }),
    { group: 'G', continueOnError: true, steps: [step('s3', repeatable), step('never')] },
    step('s4', { condition: failed }, { outputVariable: 'Fourth' }),
    { group: 'H', steps: [step('s5', repeatable), step('s6', { continueOnError: true }), step('s7', repeatable)] },
    step('s8', { condition: { file: join(folder, 'worker') }, continueOnError: true }),
    step('s9', { ...repeatable, retry: { attempts: 2 } }),
  ];
}

export interface KillOptions {
  /** The built `main-local.js` of the agent. */
  readonly agent: string;
  readonly kills: number;
  readonly seed: number;
  /** Told after every run. */
  onRun?(kills: number, runs: number): void;
}

export interface KillResult {
  readonly kills: number;
  readonly runs: number;
  /** Kills that hit a step in flight. */
  readonly interruptions: number;
  readonly problems: readonly string[];
}

/** Kills the real agent with `kill -9` at random times, run after run, until it was killed often enough or a run is not as it must be. */
export async function killOften({ agent, kills, seed, onRun }: KillOptions): Promise<KillResult> {
  const random = randomNumbers(seed);
  const total = { kills: 0, runs: 0, interruptions: 0 };
  while (total.kills < kills) {
    const run = new KilledRun(agent);
    try {
      total.kills += await run.toItsEnd(kills - total.kills, random);
      const { interruptions, problems } = run.check();
      total.interruptions += interruptions;
      total.runs += 1;
      if (problems.length > 0) return { ...total, problems };
    } finally {
      run.remove();
    }
    onRun?.(total.kills, total.runs);
  }
  return { ...total, problems: [] };
}

class KilledRun {
  private readonly folder = mkdtempSync(join(tmpdir(), 'muster-kills-'));
  private readonly state = join(this.folder, 'state');
  private readonly told = new Map<number, string>();
  private readonly problems: string[] = [];
  private kills = 0;
  private child: ChildProcess | undefined;

  constructor(private readonly agent: string) {
    mkdirSync(this.state);
    writeFileSync(join(this.folder, 'worker'), worker);
    chmodSync(join(this.folder, 'worker'), 0o755);
    const document = { apiVersion: 'muster/v1', kind: 'TaskSequence', metadata: { name: 'killed' } };
    writeFileSync(join(this.folder, 'run.yaml'), stringify({ ...document, spec: { steps: steps(this.folder) } }));
  }

  /** Starts, kills, resumes, until the run is over. Returns how often it was killed. */
  async toItsEnd(mostKills: number, random: () => number): Promise<number> {
    for (;;) {
      const kill = this.kills < mostKills ? { working: random() < 0.7, afterMilliseconds: random() * 500 } : undefined;
      const code = await this.live(kill);
      if (code === 0 || code === 1) return this.kills;
      if (code === null) this.kills += 1;
      else if (code !== 5) throw new Error(`the agent ended with ${code}`);
    }
  }

  /**
   * Null when it was killed.
   * @param kill when: counted from its start, or from the first thing it says
   */
  private async live(kill: { working: boolean; afterMilliseconds: number } | undefined): Promise<number | null> {
    // Killed before there was a journal, it has to begin; a folder without a run is not resumed.
    const resume = Journal.read(this.state).length > 0 ? ['--resume'] : [];
    const argv = ['run', join(this.folder, 'run.yaml'), '--state', this.state, ...resume, '-o', 'json'];
    const child = spawn(process.execPath, [this.agent, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    let [out, error] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));
    const over = new AbortController();
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve)).finally(() => over.abort());
    const closed = new Promise((resolve) => child.once('close', resolve));
    if (kill) {
      if (kill.working) await Promise.race([exited, new Promise((resolve) => child.stdout.once('data', resolve))]);
      await delay(kill.afterMilliseconds, undefined, { signal: over.signal }).then(
        () => child.kill('SIGKILL'),
        () => undefined,
      );
    }
    const code = await exited;
    await closed;
    if (code !== null && code !== 5 && code > 1) this.problems.push(error);
    // A line that was cut off by the kill was not told.
    for (const line of out.split('\n').slice(0, -1)) this.hear(JSON.parse(line) as StepReport & { replayed?: boolean });
    return code;
  }

  private hear({ replayed: _, ...report }: StepReport & { replayed?: boolean }): void {
    const text = JSON.stringify(report);
    const before = this.told.get(report.number);
    if (before !== undefined && before !== text) this.problems.push(`was told as ${before}, then as ${text}`);
    this.told.set(report.number, text);
  }

  check(): { interruptions: number; problems: readonly string[] } {
    const entries = Journal.read(this.state);
    const first = entries[0]?.event;
    if (first?.type !== 'run-started') return { interruptions: 0, problems: ['there is no journal'] };
    const interrupted = interruptedOf(entries);
    const expect = (fulfilled: boolean, otherwise: string): void => {
      if (!fulfilled) this.problems.push(otherwise);
    };
    let executions = 0;
    const answer = ({ name }: ExecuteEffect): SimulatedOutcome =>
      interrupted.has(executions++) ? 'interrupted' : outcomeOf(name);
    const expected = simulate(first, answer, 'then', { probe: () => ({ result: true }) });
    expect(interrupted.size <= this.kills, `${interrupted.size} interruptions by ${this.kills} kills`);

    const reports = [...this.told.values()].map((text) => comparable(JSON.parse(text) as StepReport));
    const wanted = expected.reports.map(comparable);
    for (const [index, report] of wanted.entries())
      expect(
        isDeepStrictEqual(reports[index], report),
        `report ${index + 1}: ${JSON.stringify([reports[index], report])}`,
      );
    expect(reports.length === wanted.length, `${reports.length} reports, not ${wanted.length}`);
    expect(
      isDeepStrictEqual(replay(entries).run?.variables, expected.run.variables),
      `variables: ${JSON.stringify(replay(entries).run?.variables)}, not ${JSON.stringify(expected.run.variables)}`,
    );
    this.checkLog(expected.executed, interrupted);
    for (const { position } of expected.run.plan.instructions)
      expect(findMarked(`${first.runId}:${position}`).length === 0, `a process of instruction ${position} is left`);
    return { interruptions: interrupted.size, problems: this.problems };
  }

  /** Every execution once and in order, those that were interrupted at most once, and none beside the next. */
  private checkLog(executed: readonly ExecuteEffect[], interrupted: ReadonlySet<number>): void {
    const log = existsSync(join(this.folder, 'log')) ? readFileSync(join(this.folder, 'log'), 'utf8') : '';
    const begun: { name: string; ended: boolean }[] = [];
    let running = '';
    for (const line of log.trim().split('\n')) {
      const [what, name = '', pid = ''] = line.split(' ');
      if (what === 'begin') {
        running = pid;
        begun.push({ name, ended: false });
      } else if (pid !== running) this.problems.push(`"${line}" after process ${running} had begun`);
      const current = begun.at(-1);
      if (what === 'end' && current) current.ended = true;
    }
    for (const name of new Set(executed.map((effect) => effect.name))) {
      const numbers = executed.flatMap((effect, index) => (effect.name === name ? [index] : []));
      const sure = numbers.filter((index) => !interrupted.has(index)).length;
      const times = begun.filter((one) => one.name === name);
      if (times.length < sure || times.length > numbers.length || times.filter(({ ended }) => ended).length < sure)
        this.problems.push(`${name} was begun ${times.length} times; ${sure} to ${numbers.length} would be right`);
    }
    const order = begun.map(({ name }) => name).filter((name, index, names) => name !== names[index - 1]);
    const wanted = [...new Set(executed.map(({ name }) => name))].filter((name) => order.includes(name));
    if (!isDeepStrictEqual(order, wanted)) this.problems.push(`the order was ${order.join()}, not ${wanted.join()}`);
  }

  remove(): void {
    this.child?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function outcomeOf(name: string): Exclude<SimulatedOutcome, 'interrupted'> {
  const variable = { s1: 'First', s4: 'Fourth' }[name];
  const code = exitCodes[name] ?? 0;
  return {
    exitCode: code === 194 ? 3010 : code,
    ...(variable === undefined ? {} : { assignments: [{ name: variable, value: `value of ${name}` }] }),
  };
}

function interruptedOf(entries: readonly JournalEntry[]): ReadonlySet<number> {
  const interrupted = new Set<number>();
  let begun = 0;
  for (const { event } of entries) {
    if (event.type === 'step-started') begun += 1;
    else if (event.type === 'interrupted') interrupted.add(begun - 1);
  }
  return interrupted;
}

/** What can be foreseen of a report. */
function comparable({ at: _at, output: _output, ...report }: StepReport): object {
  return report;
}
