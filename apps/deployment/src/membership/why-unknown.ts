import { evaluateFactsQuery, FACT_NOT_TOLD } from '@muster/sequence/conditions/facts-query.js';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';

/**
 * Why a query has no answer for a device. SQL says only that there is none; the evaluator, which decides the same, says why. Pure.
 *
 * @param softwareLeftOut how many entries of software the device has and did not tell; null: it told nothing of its software
 */
export function whyUnknown(query: string, facts: Facts, softwareLeftOut: number | null): string {
  // What it told may be much, and decides nothing, or there were an answer: without it, only what else is unknown stays a problem.
  const answer = evaluateFactsQuery(query, softwareLeftOut === null ? facts : { ...facts, software: [] });
  if ('problem' in answer) return answer.problem;
  if (softwareLeftOut === null || softwareLeftOut === 0) return FACT_NOT_TOLD;
  return `its list of software was cut: ${softwareLeftOut} more ${softwareLeftOut === 1 ? 'is' : 'are'} installed than it told, so nobody knows of what is not in it`;
}
