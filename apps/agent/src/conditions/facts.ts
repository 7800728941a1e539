import { type Facts, evaluateFactsQuery } from '@muster/sequence/conditions/facts-query.js';
import type { ProbeAnswer, WorldExpressionOf } from '@muster/sequence/conditions/model.js';
import { gatherFacts } from '../facts/gather-facts.js';
import { ProbeError } from './probe-error.js';

/** The facts of this computer, as they are now, answer the query. */
export async function probeFacts(
  { facts: query }: WorldExpressionOf<'facts'>,
  gather: () => Promise<Facts> = gatherFacts,
): Promise<ProbeAnswer> {
  const answer = evaluateFactsQuery(query, await gather());
  if ('problem' in answer)
    throw new ProbeError('condition.query-failed', `the facts query has no answer here: ${answer.problem}`);
  return answer;
}
