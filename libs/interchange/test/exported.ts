import type { SequenceNode, SequenceSpec, StepNode } from '@muster/sequence/model.js';
import { validateSequence } from '@muster/sequence/validate.js';
import { type ExportedSequence, exportSequence } from '../src/export/export-sequence.js';
import { importSequence, type ImportedSequence } from '../src/import-sequence.js';
import { recognise } from '../src/source/find-sequences.js';

/** Ids of the other site for the names of a test: `x` is `ID-x`. */
export const ids: Readonly<Record<string, string>> = Object.fromEntries(
  ['package-a', 'package-b', 'app-a', 'app-b', 'image-a', 'upgrade-a', 'drivers-a', 'boot-a', 'child-a'].map((name) => [
    name,
    `ID-${name}`,
  ]),
);

/** Exports a sequence of valid nodes. */
export function exported(
  steps: SequenceNode[],
  more: Partial<SequenceSpec> = {},
  origin = 'configmgr',
): ExportedSequence {
  const spec = { ...more, steps };
  expect(validateSequence(spec).filter(({ severity }) => severity === 'error')).toEqual([]);
  return exportSequence({ metadata: { name: 'x', labels: { 'import/origin': origin } }, spec }, ids);
}

/** Imports what was exported, with the names that it had. */
export function back({ xml }: Pick<ExportedSequence, 'xml'>): ImportedSequence {
  const found = recognise('x.xml', new TextEncoder().encode(xml));
  if (found.kind !== 'sequences' || !found.sequences[0]) throw new Error('no sequence');
  const bind = new Map(Object.entries(ids).map(([name, id]) => [id.toLowerCase(), name]));
  return importSequence(
    found.sequences[0],
    { name: 'x', displayName: 'x' },
    { names: new Map(), bind, sequences: new Map() },
  );
}

/** A node without annotations, also inside. */
export function plain(node: SequenceNode): SequenceNode {
  const { annotations: _, ...rest } = node;
  return ('steps' in rest ? { ...rest, steps: rest.steps.map(plain) } : rest) as SequenceNode;
}

/** A step of a type, exported; as it comes back. */
export function roundTrip(step: StepNode): { written: ExportedSequence; step: SequenceNode | undefined } {
  const written = exported([step]);
  const [first] = back(written).document.spec.steps;
  return { written, step: first && plain(first) };
}
