import { performance } from 'node:perf_hooks';
import { applyDifference } from '@muster/sequence/edit/apply-difference.js';
import { describeDifference } from '@muster/sequence/edit/describe-difference.js';
import { diffSequences } from '@muster/sequence/edit/diff-sequences.js';
import { patchSequence } from '@muster/sequence/edit/patch-sequence.js';
import type { SequenceNode, SequenceSpec } from '@muster/sequence/model.js';

/**
 * `node dist/test/bench/sequence-edit.js`: what it costs to compare and to patch sequences of 10,000 steps, the worst cases
 * included. Goal: each below 1 s. The baseline is `JSON.stringify` of both documents, which a diff of texts needs before it begins.
 */
const steps = 10_000;
const rounds = 5;

function step(name: string, command: string): SequenceNode {
  return {
    step: name,
    type: 'RunCommandLine',
    settings: { command, workingDirectory: '/tmp/x' },
    retry: { attempts: 2 },
  };
}

function grouped(make: (index: number) => SequenceNode): SequenceSpec {
  return {
    steps: Array.from({ length: steps / 100 }, (_, group) => ({
      group: `Group ${group}`,
      steps: Array.from({ length: 100 }, (_, index) => make(group * 100 + index)),
    })),
  };
}

const base = grouped((index) => step(`step ${index}`, `do thing ${index}`));
const flat: SequenceSpec = { steps: base.steps.flatMap((node) => ('group' in node ? node.steps : [node])) };

const pairs: readonly (readonly [what: string, before: SequenceSpec, after: SequenceSpec])[] = [
  ['equal', base, base],
  ['every step changed', base, grouped((index) => step(`step ${index}`, `do thing ${index} more`))],
  ['every step renamed', base, grouped((index) => step(`new ${index}`, `do thing ${index}`))],
  ['every step another', base, grouped((index) => ({ step: `new ${index}`, type: 'RestartComputer' }))],
  ['all of one name', grouped((index) => step('a', `one ${index}`)), grouped((index) => step('a', `two ${index}`))],
  ['all reversed', base, { steps: base.steps.toReversed() }],
  ['all groups dissolved', base, flat],
  ['all renamed and changed', flat, { steps: flat.steps.map((_, index) => step(`n${index}`, `zz${index}`)) }],
];

function milliseconds(act: () => unknown): number {
  const started = performance.now();
  act();
  return performance.now() - started;
}

function median(act: () => unknown): number {
  const values = Array.from({ length: rounds }, () => milliseconds(act)).sort((a, b) => a - b);
  return values[rounds >> 1] ?? Number.NaN;
}

const rows = pairs.map(([what, before, after]) => {
  const difference = diffSequences(before, after);
  return {
    what,
    textMilliseconds: median(() => [JSON.stringify(before), JSON.stringify(after)]),
    diffMilliseconds: median(() => diffSequences(before, after)),
    describeMilliseconds: median(() => describeDifference(difference)),
    applyMilliseconds: median(() => applyDifference(before, difference)),
  };
});
const operations = Array.from({ length: 100 }, (_, index) => ({
  op: 'move' as const,
  path: `Group ${index % 100}/step ${(index % 100) * 100 + Math.floor(index / 100)}`,
  into: '',
}));
const patchMilliseconds = median(() => patchSequence(base, operations));

const header = ['', 'text', 'diff', 'describe', 'apply'];
const line = (cells: readonly string[]) =>
  cells.map((cell, index) => (index === 0 ? cell.padEnd(26) : cell.padStart(10))).join('');
process.stdout.write(`${line(header)}   (milliseconds, median of ${rounds}, ${steps} steps)\n`);
for (const row of rows) {
  const { what, ...numbers } = row;
  process.stdout.write(`${line([what, ...Object.values(numbers).map((value) => value.toFixed(0))])}\n`);
}
process.stdout.write(`100 moves in one patch: ${patchMilliseconds.toFixed(0)} ms\n`);
const worst = Math.max(...rows.map(({ diffMilliseconds }) => diffMilliseconds));
process.stdout.write(
  `${JSON.stringify({ bench: 'sequence-edit', steps, worstDiffMilliseconds: Math.round(worst), patchMilliseconds: Math.round(patchMilliseconds), goalMilliseconds: 1000, rows })}\n`,
);
