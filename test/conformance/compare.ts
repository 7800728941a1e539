import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { engineAnswer } from './engine-answer.js';
import { scenarios } from './random-sequences.js';
import { interpret } from './reference-interpreter.js';
import type { Answer, Scenario } from './scenario.js';

/** Do engine and reference say the same of a scenario, fact by fact? */
export function agree(scenario: Scenario): boolean {
  return isDeepStrictEqual(engineAnswer(scenario), interpret(scenario));
}

/**
 * Compares engine and reference on `runs` random scenarios; the same seed makes the same scenarios. Answers undefined
 * when they agree on all, else the smallest case found and both answers, as YAML for people.
 */
export function findDisagreement(runs: number, seed: number): string | undefined {
  const details = fc.check(fc.property(scenarios, agree), { numRuns: runs, seed });
  if (!details.failed) return undefined;
  const scenario = details.counterexample?.[0];
  const found = `seed ${seed}, scenario ${details.numRuns}, made smaller ${details.numShrinks} times`;
  const thrown = details.errorInstance instanceof Error ? `\n${details.errorInstance.stack}` : '';
  if (!scenario) return `${found}: nothing was tried${thrown}`;
  return [
    `${found}${thrown}`,
    `--- scenario\n${yaml(scenario)}`,
    `--- engine\n${yaml(answered(engineAnswer, scenario))}`,
    `--- reference\n${yaml(answered(interpret, scenario))}`,
  ].join('\n');
}

/** A seed that differs from run to run; whoever uses it prints it. */
export function anySeed(): number {
  return Math.floor(Math.random() * 0x7fffffff);
}

function answered(ask: (scenario: Scenario) => Answer, scenario: Scenario): unknown {
  try {
    return ask(scenario);
  } catch (error) {
    return { thrown: String(error) };
  }
}

const yaml = (value: unknown): string => stringify(value, { aliasDuplicateObjects: false });
