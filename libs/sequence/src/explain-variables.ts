import { advance } from './advance.js';
import { explainVariable, type VariableExplanation } from './explain.js';
import { nameKey } from './names.js';
import type { RunStarted } from './run.js';

/**
 * Every variable that administrators give a run, by name: the value that wins when it begins, and those that lose. The engine
 * itself lays the layers over each other: it begins an empty run with them.
 */
export function explainVariables(variables: RunStarted['variables']): VariableExplanation[] {
  const started: RunStarted = {
    type: 'run-started',
    runId: 'explain',
    sequence: { name: 'explain', spec: { steps: [] } },
    variables,
    facts: { phase: 'FullOS' },
  };
  const { run } = advance(undefined, started, '1970-01-01T00:00:00.000Z');
  const collections = variables.collections ?? [];
  const layers = [variables.media, variables.device, variables.collection, ...collections.map((one) => one.variables)];
  const names = new Map(
    layers.flatMap((layer) => Object.keys(layer ?? {}).map((name) => [nameKey(name), name] as const)),
  );
  return [...names]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, name]) => explainVariable(run.variables, name, collections));
}
