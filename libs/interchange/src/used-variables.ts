import type { Condition } from '@muster/sequence/conditions/model.js';
import { mentionedNames } from '@muster/sequence/expand.js';
import { isGroup, isStep, type SequenceNode, type SequenceSpec } from '@muster/sequence/model.js';

/** A variable that a sequence reads or sets. */
export interface UsedVariable {
  /** As first written; names ignore case. */
  readonly name: string;
  reads: number;
  sets: number;
  /**
   * Who gives it a value: the sequence's own list, a step, the engine (names with `_`), or nobody in the document, so that a
   * collection, a device, a deployment or media has to.
   */
  readonly from: 'sequence' | 'step' | 'engine' | 'outside';
}

/** Every variable of a sequence, by name. */
export function usedVariables(spec: SequenceSpec): UsedVariable[] {
  const found = new Map<string, { name: string; reads: number; sets: number; inSequence: boolean }>();
  const touch = (name: string, what: 'reads' | 'sets'): void => {
    const plain = name.trim();
    if (plain === '' || plain.length > 256 || plain.includes('%')) return;
    const one = found.get(plain.toLowerCase()) ?? { name: plain, reads: 0, sets: 0, inSequence: false };
    one[what]++;
    found.set(plain.toLowerCase(), one);
  };
  const readTexts = (value: unknown): void => {
    if (typeof value === 'string') for (const name of mentionedNames(value)) touch(name, 'reads');
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(readTexts);
  };
  const readCondition = (condition: Condition): void => {
    if ('all' in condition) condition.all.forEach(readCondition);
    else if ('any' in condition) condition.any.forEach(readCondition);
    else if ('none' in condition) condition.none.forEach(readCondition);
    else if ('variable' in condition) touch(condition.variable, 'reads');
    // In queries % is a wildcard.
    if ('file' in condition || 'folder' in condition || 'registry' in condition || 'variable' in condition)
      readTexts(condition);
  };
  const visit = (node: SequenceNode): void => {
    if (node.condition) readCondition(node.condition);
    if (isGroup(node)) node.steps.forEach(visit);
    else if (isStep(node)) {
      // Scripts are code: a % in them is no reference.
      const settings = { ...node.settings, script: undefined };
      readTexts(settings);
      for (const name of setBy(settings)) touch(name, 'sets');
    }
  };
  for (const [name, value] of Object.entries(spec.variables ?? {})) {
    readTexts(value);
    touch(name, 'sets');
    const one = found.get(name.toLowerCase());
    if (one) one.inSequence = true;
  }
  spec.steps.forEach(visit);
  return [...found.values()]
    .map(({ name, reads, sets, inSequence }) => {
      const from = inSequence ? 'sequence' : name.startsWith('_') ? 'engine' : sets > 0 ? 'step' : 'outside';
      return { name, reads, sets, from } as const;
    })
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

/** Names that a step gives values to, as its settings say. */
function setBy(settings: Readonly<Record<string, unknown>>): string[] {
  const names: unknown[] = [settings['outputVariable']];
  if ('value' in settings && !('operator' in settings)) names.push(settings['name']);
  const lists = [settings['rules'], settings['partitions']].filter((list) => Array.isArray(list));
  for (const entry of lists.flat() as Record<string, unknown>[]) {
    names.push(entry['volumeLetterVariable']);
    if (Array.isArray(entry['set'])) names.push(...(entry['set'] as { name: unknown }[]).map(({ name }) => name));
  }
  return names.filter((name) => typeof name === 'string');
}
