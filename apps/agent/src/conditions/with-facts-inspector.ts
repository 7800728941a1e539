import type { FactsInspector } from '@muster/sequence/conditions/facts-inspector.js';

/**
 * Validates without the language of facts queries, and once more with it when there was such a query: loading it is a quarter
 * of the start of `muster run`, and most documents have none.
 */
export async function withFactsInspector<T>(validate: (inspect: FactsInspector) => T): Promise<T> {
  let met = false;
  const findings = validate(() => {
    met = true;
    return { unknownFacts: [] };
  });
  if (!met) return findings;
  const { inspectFactsQuery } = await import('@muster/sequence/conditions/facts-query.js');
  return validate(inspectFactsQuery);
}
