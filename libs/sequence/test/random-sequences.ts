import type { SequenceNode, SequenceSpec } from '@muster/sequence/model.js';
import * as fc from 'fast-check';

const word = fc.constantFrom('Prepare', 'Install', 'Clean up', 'A/B', 'x', 'Restart (2)');
const common = {
  disabled: fc.option(fc.boolean(), { nil: undefined }),
  continueOnError: fc.option(fc.boolean(), { nil: undefined }),
  description: fc.option(fc.constantFrom('one', 'two'), { nil: undefined }),
  condition: fc.option(
    fc.constantFrom(
      { variable: 'A', operator: 'exists' as const },
      { all: [{ variable: 'A', operator: 'equals' as const, value: '1' }, { os: 'debian' }] },
    ),
    { nil: undefined },
  ),
};

const settings = fc.oneof(
  fc.record({ command: fc.constantFrom('true', 'echo a b c', 'echo a b d', 'ls -l'), package: fc.constant('p') }),
  fc.dictionary(fc.constantFrom('command', '__proto__', 'a/b', 'a~b', 'runAs'), fc.jsonValue(), { maxKeys: 3 }),
);

const { node: anyNode } = fc.letrec<{ node: SequenceNode }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({
      step: word,
      type: fc.constantFrom('RunCommandLine', 'RestartComputer', 'JoinDomain'),
      settings: fc.option(settings, { nil: undefined }),
      retry: fc.option(fc.record({ attempts: fc.constantFrom(1, 2) }), { nil: undefined }),
      ...common,
    }),
    fc.record({ sequence: fc.constantFrom('child', 'other'), ...common }),
    fc.record({ group: word, ...common, steps: fc.array(tie('node'), { maxLength: 5 }) }),
  ) as fc.Arbitrary<SequenceNode>,
}));

/** Sequences that are small, and so alike that two of them have much in common. As JSON has them: nothing is undefined. */
export const anySequence: fc.Arbitrary<SequenceSpec> = fc
  .record({
    displayName: fc.option(word, { nil: undefined }),
    variables: fc.option(fc.dictionary(fc.constantFrom('A', 'B', 'C'), fc.constantFrom('1', '2')), { nil: undefined }),
    steps: fc.array(anyNode, { maxLength: 6 }),
  })
  .map((spec) => JSON.parse(JSON.stringify(spec)) as SequenceSpec);

/** A sequence and what became of it when somebody moved, removed, doubled and changed nodes. */
export const anyEdit: fc.Arbitrary<readonly [SequenceSpec, SequenceSpec]> = fc
  .tuple(anySequence, fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(5)), { maxLength: 6 }))
  .map(([spec, edits]) => {
    const edited = JSON.parse(JSON.stringify(spec)) as SequenceSpec;
    for (const edit of edits) editOnce(edited, edit);
    return [spec, JSON.parse(JSON.stringify(edited)) as SequenceSpec] as const;
  });

function editOnce(spec: SequenceSpec, [from, to, what]: readonly [number, number, number]): void {
  const lists: SequenceNode[][] = [];
  const collect = (nodes: SequenceNode[]): void => {
    lists.push(nodes);
    for (const node of nodes) if ('group' in node) collect(node.steps);
  };
  collect(spec.steps);
  const source = lists[from % lists.length] ?? spec.steps;
  const at = to % (source.length + 1);
  const node = source[at];
  if (!node) return;
  if (what === 0) source.splice(at, 1);
  else if (what === 1) source.splice(from % (source.length + 1), 0, JSON.parse(JSON.stringify(node)) as SequenceNode);
  else if (what === 2) node.disabled = !node.disabled;
  else if (what === 3 && 'step' in node) node.step = `${node.step} ${from % 3}`;
  else if (what === 4 && 'group' in node) node.group = `${node.group} ${from % 3}`;
  else {
    source.splice(at, 1);
    lists.length = 0;
    collect(spec.steps);
    const target = lists[to % lists.length] ?? spec.steps;
    target.splice(from % (target.length + 1), 0, node);
  }
}
