import { isGroup, isStep, type SequenceNode } from '../model.js';
import type { FieldChange, SequenceDifference } from './difference-model.js';
import { segments } from './field-changes.js';

/** Characters of a value that are shown. */
const shownLength = 100;

/**
 * A difference as lines for people, in the order of the sequence: `+` added, `-` removed, `>` moved, `~` changed; none when nothing
 * differs. Mask it first.
 */
export function describeDifference(difference: SequenceDifference): string[] {
  const entries = [
    ...difference.removed.map(({ path, pointer, node }) => ({ pointer, lines: [`- ${path}  (${whatIs(node)})`] })),
    ...difference.added.map(({ path, pointer, node }) => ({ pointer, lines: addedLines(path, node) })),
    ...difference.moved.map(({ from, to }) => ({
      pointer: to.pointer,
      lines: [from.path === to.path ? `> ${to.path}  (moved)` : `> ${to.path}  (moved, was ${from.path})`],
    })),
    ...difference.changed.map(({ after, fields }) => ({
      pointer: after.pointer,
      lines: changedLines(after.path, fields),
    })),
  ];
  const places = new Map(entries.map((entry) => [entry, segments(entry.pointer).map(Number)]));
  entries.sort((a, b) => compare(places.get(a) ?? [], places.get(b) ?? []));
  return [
    ...difference.properties.map((change) => `~ ${changeText(change)}`),
    ...entries.flatMap(({ lines }) => lines),
  ];
}

function addedLines(path: string, node: SequenceNode): string[] {
  const lines = [`+ ${path}  (${whatIs(node)})`];
  if (isGroup(node)) for (const child of node.steps) lines.push(...inside(child, 1));
  return lines;
}

function inside(node: SequenceNode, depth: number): string[] {
  const name = isGroup(node) ? node.group : isStep(node) ? node.step : node.sequence;
  const line = `+ ${'  '.repeat(depth)}${name}  (${whatIs(node)})`;
  return isGroup(node) ? [line, ...node.steps.flatMap((child) => inside(child, depth + 1))] : [line];
}

function changedLines(path: string, fields: readonly FieldChange[]): string[] {
  const rename = fields.find(({ field }) => ['/step', '/group', '/sequence'].includes(field));
  const renamed = rename ? `  (was ${String(rename.before)})` : '';
  const others = fields.filter((change) => change !== rename);
  if (others.length === 0) return [`~ ${path}${renamed}`];
  return [`~ ${path}${renamed}`, ...others.map((change) => `    ${changeText(change)}`)];
}

function changeText({ field, before, after, secret }: FieldChange): string {
  const name = segments(field).join('.');
  if (secret)
    return `${name}: ${before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'} (secret)`;
  if (typeof before === 'string' && typeof after === 'string' && (before + after).includes('\n'))
    return `${name}: ${linesText(before, after)}`;
  return `${name}: ${valueText(before)} → ${valueText(after)}`;
}

/** The first line that differs, and how many follow. */
function linesText(before: string, after: string): string {
  const old = before.split('\n');
  const now = after.split('\n');
  const first = now.findIndex((line, index) => line !== old[index]);
  const at = first < 0 ? now.length : first;
  const counts = old.length === now.length ? '' : ` (${old.length} → ${now.length} lines)`;
  return `line ${at + 1}: ${valueText(old[at])} → ${valueText(now[at])}${counts}`;
}

function valueText(value: unknown): string {
  if (value === undefined) return '(none)';
  const text = JSON.stringify(value) ?? '(none)';
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}

function whatIs(node: SequenceNode): string {
  if (isStep(node)) return `step ${node.type}${node.disabled ? ', disabled' : ''}`;
  if (!isGroup(node)) return 'child sequence';
  const steps = countSteps(node);
  return `group of ${steps === 1 ? '1 step' : `${steps} steps`}`;
}

function countSteps(node: SequenceNode): number {
  return isGroup(node) ? node.steps.reduce((sum, child) => sum + countSteps(child), 0) : 1;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    // Names in a pointer (`steps`) are no numbers.
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return a.length - b.length;
}
