import { randomUUID } from 'node:crypto';
import { type VariableInput, createStore, toLayer } from '@muster/sequence/variables.js';
import { LocalContent } from '../src/runner/local-content.js';
import type { StepContext } from '../src/steps/executor.js';
import { StepVariables } from '../src/steps/step-variables.js';

/** What an executor is given, for tests that call one with places or facts of their own. */
export function stepContext(folder: string, device: VariableInput = {}, more: Partial<StepContext> = {}): StepContext {
  const variables = new StepVariables(createStore({ device: toLayer(device) }), {});
  return {
    content: new LocalContent(folder),
    variables,
    exportedVariables: {},
    expand: (text) => variables.expand(text, 'literal').text,
    decide: () => Promise.resolve('unknown'),
    phase: 'FullOS',
    get secrets() {
      return variables.secrets;
    },
    marker: randomUUID(),
    folder,
    signal: new AbortController().signal,
    ...more,
  };
}
