import type { Facts, QueriedFacts } from '@muster/sequence/conditions/facts-schema.js';
import type { ProbeAnswer, WorldExpressionOf } from '@muster/sequence/conditions/model.js';
import type { SoftwareRequest } from '@muster/contracts/agent/software.js';
import { installedSoftware } from '../inventory/installed-software.js';
import { gatherFacts } from '../facts/gather-facts.js';
import { ProbeError } from './probe-error.js';

/** The facts of this computer, as they are now, answer the query. */
export async function probeFacts(
  { facts: query }: WorldExpressionOf<'facts'>,
  gather: () => Promise<Facts> = gatherFacts,
  software: () => Promise<SoftwareRequest | undefined> = installedSoftware,
): Promise<ProbeAnswer> {
  // As late as this: most runs never need CEL.
  const { evaluateFactsQuery } = await import('@muster/sequence/conditions/facts-query.js');
  const facts: QueriedFacts = await gather();
  // Package managers take their time: they are asked when the query may name it.
  const installed = /\bsoftware\b/.test(query) ? await software() : undefined;
  // Of a list that is cut nobody can say what is not in it.
  const known = installed && installed.leftOut === 0 ? { ...facts, software: installed.software } : facts;
  const answer = evaluateFactsQuery(query, known);
  if ('problem' in answer)
    throw new ProbeError('condition.query-failed', `the facts query has no answer here: ${answer.problem}`);
  return answer;
}
