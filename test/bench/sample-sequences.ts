import type { SequenceNode } from '@muster/sequence/model.js';
import type { RunStarted } from '@muster/sequence/run.js';

/** A realistic long sequence: groups of ten steps, every third with a condition, variables set and used, commands run. */
export function longSequence(steps: number): SequenceNode[] {
  const groups: SequenceNode[] = [];
  for (let first = 0; first < steps; first += 10) {
    const children: SequenceNode[] = [];
    for (let index = first; index < Math.min(first + 10, steps); index++) children.push(stepOf(index));
    groups.push({
      group: `Group ${first / 10}`,
      condition: { variable: '_SMSTSInWinPE', operator: 'equals', value: 'false' },
      steps: children,
    });
  }
  return groups;
}

function stepOf(index: number): SequenceNode {
  const condition =
    index % 3 === 0
      ? {
          all: [
            { variable: 'Ring', operator: 'notEquals' as const, value: 'none' },
            {
              any: [
                { variable: `V${index % 50}`, operator: 'exists' as const },
                { variable: 'Ring', operator: 'like' as const, value: 'p*' },
              ],
            },
          ],
        }
      : undefined;
  const common = condition ? { condition } : {};
  return index % 5 === 0
    ? {
        step: `Set ${index}`,
        type: 'SetTaskSequenceVariable',
        settings: { name: `V${index % 50}`, value: `%Ring%-${index}` },
        ...common,
      }
    : { step: `Run ${index}`, type: 'RunCommandLine', settings: { command: `/bin/true --number ${index}` }, ...common };
}

/** The first event of a run of some steps. */
export function startedWith(steps: SequenceNode[]): RunStarted {
  return {
    type: 'run-started',
    runId: 'bench',
    sequence: { name: 'bench', spec: { steps } },
    variables: { device: { Ring: 'pilot' } },
    facts: { phase: 'FullOS' },
  };
}
