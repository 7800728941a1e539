import { createStore } from '@muster/sequence/variables.js';
import { StepVariables } from './step-variables.js';

const variables = (): StepVariables => new StepVariables(createStore({}), {});

describe('the variables of a running step', () => {
  it('keep the last value of each name, however often it is written', () => {
    const step = variables();
    for (let count = 0; count < 1000; count++) step.set('Counter', String(count));
    step.set('Other', 'x');
    step.set('COUNTER', 'end');
    expect(step.assignments).toEqual([
      { name: 'Other', value: 'x' },
      { name: 'COUNTER', value: 'end' },
    ]);
  });

  it('keep a secret that was overwritten, so that it is masked for the rest of the run', () => {
    const step = variables();
    step.set('Password', 'first', true);
    step.set('Password', 'second', true);
    step.set('Password', 'second');
    step.set('Password', '');
    const texts = step.assignments.filter((one) => one.secret).map((one) => one.value);
    expect(texts).toEqual(['first', 'second']);
    expect(step.assignments.at(-1)).toEqual({ name: 'Password', value: '' });
    expect(step.read('Password')).toBeUndefined();
  });

  it('refuse a secret that never stops changing, and keep what they had', () => {
    const step = variables();
    const change = (): void => {
      for (let count = 0; count < 2000; count++) step.set('Password', `secret ${count}`, true);
    };
    expect(change).toThrow(expect.objectContaining({ code: 'variable.store-full' }));
    expect(step.read('Password')?.value).toBe('secret 1000');
    step.set('Small', 'fits');
    expect(step.assignments).toHaveLength(1002);
  });
});
