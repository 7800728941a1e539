import { advance } from '@muster/sequence/advance.js';
import type { ExecuteEffect } from '@muster/sequence/run.js';
import type { VariableInput } from '@muster/sequence/variables.js';
import { sequenceOf } from './step-types.js';

/**
 * The step as the engine hands it to an executor: variables replaced, settings checked.
 * @throws Error when the engine does not come to the point of executing it
 */
export function prepared(
  type: string,
  settings: Readonly<Record<string, unknown>>,
  variables: VariableInput = {},
): ExecuteEffect {
  const { effects } = advance(
    undefined,
    {
      type: 'run-started',
      runId: 'r',
      sequence: { name: 's', spec: sequenceOf(type, settings) },
      variables: { device: variables },
      facts: { phase: 'FullOS' },
    },
    '2026-01-01T00:00:00.000Z',
  );
  const effect = effects.find((one) => one.kind === 'execute');
  if (!effect) throw new Error(`not executed: ${JSON.stringify(effects)}`);
  return effect;
}
