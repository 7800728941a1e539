import { validateSequence } from '@muster/sequence/validate.js';
import * as fc from 'fast-check';
import { anySeed, findDisagreement } from './compare.js';
import { engineAnswer } from './engine-answer.js';
import { scenarios } from './random-sequences.js';
import { interpret } from './reference-interpreter.js';
import type { Answer, Scenario } from './scenario.js';

const RUNS = 100_000;
const seed = Number(process.env['CONFORMANCE_SEED'] ?? anySeed());
process.stdout.write(`conformance: seed ${seed} (CONFORMANCE_SEED=${seed} tries the same again)\n`);

describe('engine and reference interpreter', () => {
  it(`agree on ${RUNS} random sequences`, () => {
    expect(findDisagreement(RUNS, seed)).toBeUndefined();
  }, 300_000);

  it('are given valid documents, of all kinds', () => {
    const sample = fc.sample(scenarios, { numRuns: 3000, seed });
    const specs = sample.flatMap(({ spec, children }) => [spec, ...Object.values(children)]);
    expect(specs.flatMap((spec) => validateSequence(spec))).toEqual([]);
    const answers = sample.map(interpret);
    const share = (of: (answer: Answer) => boolean): number => answers.filter(of).length / answers.length;
    const has = (json: string) => (answer: Answer) => JSON.stringify(answer.facts).includes(json);
    const kinds = {
      succeeded: [share(({ result }) => result === 'succeeded'), 0.4],
      failed: [share(({ result, total }) => result === 'failed' && total > 0), 0.2],
      'never began': [share(({ result, total }) => result === 'failed' && total === 0), 0.02],
      'absorbed a failure': [share(has('"continuedOnError":true')), 0.15],
      abandoned: [share(has('"abandoned"')), 0.06],
      restarted: [share(has('"restart":"FullOS"')), 0.08],
      'restarted into PE': [share(has('"restart":"PE"')), 0.02],
      retried: [share(has('"attempt":2')), 0.03],
      interrupted: [share(has('"step.interrupted"')), 0.02],
      'wrong environment': [share(has('"wrong-environment"')), 0.04],
      'condition false': [share(has('"condition-false"')), 0.15],
      disabled: [share(has('"disabled"')), 0.08],
    };
    const tooFew = Object.entries(kinds).filter(([, [found = 0, wanted = 0]]) => found < wanted);
    expect(tooFew).toEqual([]);
  });

  it('would be told apart: a reference that errs is found, and the case made small', () => {
    const erring = (scenario: Scenario): Answer => {
      const answer = interpret(scenario);
      return { ...answer, facts: answer.facts.map((f) => ('restart' in f ? { restart: 'PE' } : f)) };
    };
    const details = fc.check(
      fc.property(scenarios, (scenario) => {
        expect(engineAnswer(scenario)).toEqual(erring(scenario));
      }),
      { numRuns: 5000, seed },
    );
    expect(details.failed).toBe(true);
    const spec = details.counterexample?.[0].spec;
    expect(JSON.stringify(spec).split('"step"').length - 1).toBeLessThanOrEqual(4);
  });
});
