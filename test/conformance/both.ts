import type { SequenceNode } from '@muster/sequence/model.js';
import { validateSequence } from '@muster/sequence/validate.js';
import { engineAnswer } from './engine-answer.js';
import { interpret } from './reference-interpreter.js';
import type { Answer, Scenario } from './scenario.js';

type Common = Partial<Pick<SequenceNode, 'continueOnError' | 'condition' | 'disabled'>>;

/** Short words for documents. */
export const coe = { continueOnError: true };
export const step = (name: string, more: Common & Record<string, unknown> = {}): SequenceNode => ({
  step: name,
  type: 'RunCommandLine',
  settings: { command: `do ${name}` },
  ...more,
});
export const set = (name: string, value: string, more: Record<string, unknown> = {}): SequenceNode => ({
  step: `set ${name}`,
  type: 'SetTaskSequenceVariable',
  settings: { name, value, ...more },
});
export const group = (name: string, more: Common, ...steps: SequenceNode[]): SequenceNode => ({
  group: name,
  ...more,
  steps,
});
export const when = (variable: string, value: string): Common => ({
  condition: { variable, operator: 'equals', value },
});
export const lastFailed = when('_SMSTSLastActionSucceeded', 'false');

/**
 * Lets engine and reference run a valid document, and answers what both say; outcomes by name of the step, a number is
 * an exit code every time (20 times at most). Fails the test when they differ.
 */
export function both(
  steps: SequenceNode[],
  outcomes: Record<string, number | Scenario['outcomes'][string]> = {},
  more: Partial<Scenario> = {},
): Answer {
  const spec = { ...more.spec, steps };
  expect([spec, ...Object.values(more.children ?? {})].flatMap((one) => validateSequence(one))).toEqual([]);
  const table = Object.entries(outcomes).map(([name, outcome]) => [
    name,
    typeof outcome === 'number' ? Array.from({ length: 20 }, () => ({ exitCode: outcome })) : outcome,
  ]);
  const scenario: Scenario = {
    children: {},
    phase: 'FullOS',
    readOnly: {},
    environment: {},
    ...more,
    spec,
    outcomes: Object.fromEntries(table) as Scenario['outcomes'],
  };
  const answer = engineAnswer(scenario);
  expect(interpret(scenario)).toEqual(answer);
  return answer;
}

/** Paths of the executed steps in order, without their groups; a restart is `^` and its target. */
export function ran({ facts }: Answer): string {
  const words = facts.flatMap((fact) =>
    'execute' in fact ? [fact.execute.split('/').at(-1)] : 'restart' in fact ? [`^${fact.restart}`] : [],
  );
  return words.join(' ');
}

/** Why each step ended as it did, by path; `succeeded` for those that did. */
export function reasons({ facts }: Answer): Record<string, string> {
  return Object.fromEntries(facts.flatMap((f) => ('path' in f ? [[f.path, f.reason ?? f.outcome]] : [])));
}

/** Settings of the executed steps, in order. */
export function executed({ facts }: Answer): unknown[] {
  return facts.flatMap((fact) => ('execute' in fact ? [fact.settings] : []));
}
