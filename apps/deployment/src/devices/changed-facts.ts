import { canonicalJson } from '@muster/contracts/digest.js';
import { FACT_SHAPE, type Facts } from '@muster/sequence/conditions/facts-schema.js';

/**
 * Facts that differ, as queries read them: `os.id`, `disks`, `hostname`. Where a record appears or goes, all that could be in
 * it: asking for a fact of a record that is not there has no answer, and of one that is there it has.
 */
export function changedFacts(before: Facts | undefined, after: Facts | undefined): string[] {
  if (FACT_SHAPE.kind !== 'record') throw new Error('facts are a record');
  return Object.entries(FACT_SHAPE.fields).flatMap(([name, shape]) => {
    const [old, now] = [fieldOf(before, name), fieldOf(after, name)];
    if (shape.kind !== 'record') return same(old, now) ? [] : [name];
    return Object.keys(shape.fields)
      .filter((field) => (old === undefined) !== (now === undefined) || !same(fieldOf(old, field), fieldOf(now, field)))
      .map((field) => `${name}.${field}`);
  });
}

function fieldOf(record: unknown, name: string): unknown {
  return typeof record === 'object' && record !== null ? (record as Record<string, unknown>)[name] : undefined;
}

function same(one: unknown, other: unknown): boolean {
  if (one === undefined || other === undefined) return one === other;
  return canonicalJson(one) === canonicalJson(other);
}
