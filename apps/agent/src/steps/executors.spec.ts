import { STEP_DEFINITIONS } from '@muster/sequence/steps/registry.js';
import { EXECUTORS } from './executors.js';

describe('executors', () => {
  it('exist for every type that the engine leaves to the agent, and for no other', () => {
    const wanted = STEP_DEFINITIONS.filter((definition) => definition.execution === 'executor').map(
      (definition) => definition.type,
    );
    expect(Object.keys(EXECUTORS).sort()).toEqual(wanted.sort());
  });
});
