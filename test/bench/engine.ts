import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { advance } from '@muster/sequence/advance.js';
import { explainSequence } from '@muster/sequence/explain.js';
import type { SequenceNode } from '@muster/sequence/model.js';
import type { Effect, Run } from '@muster/sequence/run.js';
import { validateSequence } from '@muster/sequence/validate.js';
import { longSequence, startedWith } from './sample-sequences.js';

const help = `npm run bench:engine [-- --steps 1000 --rounds 5]

What a step costs beside what the operating system takes for it:
  run        \`muster run\` of N steps of /bin/true with the durable journal, against a bash loop that forks and executes
             /bin/true N times, plus N times fdatasync of a line of the same size. Goal: at most 2
  ansible    the same against Ansible with a local connection, where it is installed. Goal: at least 50 times faster
  decisions  instructions the pure engine decides per second, in a first run and in later ones. Goal: at least 200,000 in later ones
  validate   a sequence of 10,000 steps. Goal: below 100 ms
  explain    the same. Goal: below 300 ms
Rounds are interleaved; figures are medians with (lowest … highest).`;

const program = join(import.meta.dirname, '../../apps/agent/src/command-line/main-local.js');

interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[Math.min(sorted.length - 1, Math.max(0, index))] ?? Number.NaN;
  return { median: at(sorted.length >> 1), low: at(0), high: at(sorted.length - 1) };
}

function milliseconds(act: () => unknown): number {
  const started = performance.now();
  act();
  return performance.now() - started;
}

/** Whole processes, start included, as a user pays for them. */
function benchRun(folder: string, steps: number, rounds: number): { ours: Spread; bash: Spread; sync: Spread } {
  const file = join(folder, 'true.yaml');
  const nodes = Array.from({ length: steps }, (_, index) => ({
    step: `true ${index}`,
    type: 'RunCommandLine',
    settings: { command: '/bin/true' },
  }));
  const document = {
    apiVersion: 'muster/v1',
    kind: 'TaskSequence',
    metadata: { name: 'bench' },
    spec: { steps: nodes },
  };
  writeFileSync(file, JSON.stringify(document));
  const [ours, bash, sync]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    const state = mkdtempSync(join(folder, 'state-'));
    ours.push(
      milliseconds(() =>
        execFileSync(process.execPath, [program, 'run', file, '--state', state, '-o', 'json'], {
          stdio: ['ignore', 'ignore', 'inherit'],
        }),
      ),
    );
    bash.push(
      milliseconds(() =>
        execFileSync('bash', ['-c', `for ((i = 0; i < ${steps}; i++)); do /bin/true; done`], { stdio: 'ignore' }),
      ),
    );
    sync.push(milliseconds(() => syncLines(join(folder, 'lines'), steps)));
  }
  return { ours: spread(ours), bash: spread(bash), sync: spread(sync) };
}

/** Appends as many lines as a run has steps, each durable before the next. */
function syncLines(path: string, count: number): void {
  const file = openSync(path, 'w');
  const line = `${'x'.repeat(300)}\n`;
  for (let index = 0; index < count; index++) {
    writeSync(file, line);
    fdatasyncSync(file);
  }
  closeSync(file);
}

/** Seconds per step of an Ansible playbook of commands, or undefined where there is no Ansible. */
function benchAnsible(folder: string): number | undefined {
  if (spawnSync('ansible-playbook', ['--version'], { stdio: 'ignore' }).status !== 0) return undefined;
  const measure = (tasks: number): number => {
    const file = join(folder, `playbook-${tasks}.yaml`);
    const list = Array.from({ length: tasks }, () => ({ command: '/bin/true' }));
    writeFileSync(
      file,
      JSON.stringify([{ hosts: 'localhost', connection: 'local', gather_facts: false, tasks: list }]),
    );
    return milliseconds(() => execFileSync('ansible-playbook', ['-i', 'localhost,', file], { stdio: 'ignore' }));
  };
  // The difference of two runs: the start of Ansible is not a step's.
  return (measure(30) - measure(10)) / 20;
}

/** Feeds the engine alone; reports and effects are made and dropped, as a driver would after writing them. */
function decide(nodes: SequenceNode[]): number {
  const now = '2026-01-01T00:00:00.000Z';
  let { run, effects } = advance(undefined, startedWith(nodes), now) as { run: Run; effects: readonly Effect[] };
  const instructions = run.plan.instructions.length;
  for (;;) {
    const owed = effects.at(-1);
    if (owed?.kind !== 'execute') break;
    const { position, attempt } = owed;
    ({ run } = advance(run, { type: 'step-started', position, attempt }, now));
    ({ run, effects } = advance(run, { type: 'step-ended', position, attempt, exitCode: 0 }, now));
  }
  if (run.awaiting.kind !== 'nothing') throw new Error(`the run stopped at ${run.pointer}`);
  return instructions;
}

/** A run as a new process makes it, and runs of a process that has made some: services and simulators decide many. */
function benchDecisions(rounds: number): { first: number; warm: Spread } {
  const nodes = longSequence(10_000);
  const rate = (): number => {
    let instructions = 0;
    const time = milliseconds(() => (instructions = decide(nodes)));
    return (instructions / time) * 1000;
  };
  const first = rate();
  for (let round = 0; round < 4; round++) rate();
  return { first, warm: spread(Array.from({ length: rounds }, rate)) };
}

function show(name: string, { median, low, high }: Spread, unit: string, goal: string): void {
  const text = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(2));
  console.log(`${name.padEnd(30)} ${`${text(median)} (${text(low)} … ${text(high)}) ${unit}`.padEnd(46)} ${goal}`);
}

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
const [steps, rounds] = [Number(values.steps), Number(values.rounds)];
const folder = mkdtempSync(join(tmpdir(), 'muster-bench-'));
try {
  const { ours, bash, sync } = benchRun(folder, steps, rounds);
  const baseline = bash.median + sync.median;
  const ratio = ours.median / baseline;
  show(`muster run, ${steps} steps`, ours, 'ms', '');
  show(`bash loop of /bin/true`, bash, 'ms', '');
  show(`fdatasync per step`, sync, 'ms', '');
  show(
    'ratio',
    { median: ratio, low: ours.low / (bash.high + sync.high), high: ours.high / (bash.low + sync.low) },
    '',
    'goal ≤ 2',
  );
  const ansible = benchAnsible(folder);
  const perStep = ours.median / steps;
  console.log(
    ansible === undefined
      ? 'ansible is not installed: not compared'
      : `ansible ${ansible.toFixed(1)} ms a step, ours ${perStep.toFixed(2)} ms: ${(ansible / perStep).toFixed(0)} times faster; goal ≥ 50`,
  );
  const { first, warm: decisions } = benchDecisions(Math.max(rounds, 15));
  show('engine decides, first run', { median: first, low: first, high: first }, 'instructions/s', '');
  show('engine decides', decisions, 'instructions/s', 'goal ≥ 200,000');
  const spec = { steps: longSequence(10_000) };
  validateSequence(spec);
  const validate = spread(Array.from({ length: 9 }, () => milliseconds(() => validateSequence(spec))));
  show('validate 10,000 steps', validate, 'ms', 'goal < 100');
  explainSequence(startedWith(spec.steps));
  const explain = spread(Array.from({ length: 7 }, () => milliseconds(() => explainSequence(startedWith(spec.steps)))));
  show('explain 10,000 steps', explain, 'ms', 'goal < 300');
  console.log(
    JSON.stringify({
      bench: 'engine',
      ratio: Number(ratio.toFixed(2)),
      baseline: 'bash loop of fork+exec /bin/true, plus fdatasync per step',
      steps,
      rounds,
      milliseconds: { ours, bash, sync },
      ansibleRatio: ansible === undefined ? null : Number((ansible / perStep).toFixed(1)),
      instructionsPerSecondFirst: Math.round(first),
      instructionsPerSecond: Math.round(decisions.median),
      validateMilliseconds: validate,
      explainMilliseconds: explain,
    }),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
