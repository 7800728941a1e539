import * as fc from 'fast-check';
import { anySequence } from '../../test/random-sequences.js';
import type { SequenceNode, SequenceSpec } from '../model.js';
import { compilePlan } from '../plan.js';
import { nodePaths } from './node-paths.js';

describe('the path of a node', () => {
  it('is the one that reports use', () => {
    fc.assert(
      fc.property(anySequence, (spec) => {
        // Pointers are disabled, because a plan has the nodes of their children too.
        const inert = (node: SequenceNode): SequenceNode =>
          'group' in node
            ? { ...node, steps: node.steps.map(inert) }
            : 'sequence' in node
              ? { ...node, disabled: true }
              : node;
        const sequence: SequenceSpec = { steps: spec.steps.map(inert) };
        const { plan } = compilePlan('x', sequence);
        expect(nodePaths(sequence).map(({ path }) => path)).toEqual(plan.instructions.map(({ path }) => path));
      }),
    );
  });
});
