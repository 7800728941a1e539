import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import type { ProbeAnswer, WorldExpressionOf } from '@muster/sequence/conditions/model.js';
import { gatherFacts } from '../facts/gather-facts.js';
import { ProbeError } from './probe-error.js';

/** The facts of this computer, as they are now, answer the query. */
export async function probeFacts(
  { facts: query }: WorldExpressionOf<'facts'>,
  gather: () => Promise<Facts> = gatherFacts,
): Promise<ProbeAnswer> {
  // As late as this: most runs never need CEL.
  const { evaluateFactsQuery } = await import('@muster/sequence/conditions/facts-query.js');
  const answer = evaluateFactsQuery(query, await gather());
  if ('problem' in answer)
    throw new ProbeError('condition.query-failed', `the facts query has no answer here: ${answer.problem}`);
  return answer;
}
