import { type CelInput, celType, isCelError, plan } from '@bufbuild/cel';
import type { FactsInspection } from './facts-inspector.js';
import type { QueriedFacts } from './facts-schema.js';
import { type ParsedQuery, QueryError, parseQuery } from './facts-syntax.js';
import { Work, meteredEnvironment } from './facts-work.js';

export type { Facts } from './facts-schema.js';

/** The problem of a query whose outcome hangs on what the computer does not tell. */
export const FACT_NOT_TOLD = 'it names a fact that this computer does not tell; has(facts.NAME) asks for that';

/**
 * Looks at a query without any computer: what is wrong with it, or the facts it names that no computer has, as written
 * (`os.nmae`).
 */
export function inspectFactsQuery(query: string): FactsInspection {
  const parsed = tryParse(query);
  return 'problem' in parsed ? parsed : { unknownFacts: parsed.unknownFacts };
}

/**
 * Decides a facts query: CEL over the facts, each by its name (`os.id`) and all of them as `facts` (`has(facts.domain)`).
 * A fact that this computer does not tell, an answer that is no boolean and a query that takes too much work are a problem
 * and not a false. Bounded: never more than about a second, whatever the query says.
 */
export function evaluateFactsQuery(query: string, facts: QueriedFacts): { result: boolean } | { problem: string } {
  const parsed = tryParse(query);
  if ('problem' in parsed) return parsed;
  const work = new Work();
  const input = celInput(facts) as Record<string, CelInput>;
  // No prototype: "constructor" is no fact.
  const variables = Object.assign(Object.create(null) as Record<string, CelInput>, input, { facts: input });
  try {
    const answer = plan(meteredEnvironment(work), parsed.expression)(variables);
    if (work.exhausted) return { problem: 'it takes too much work: loops in loops, or long patterns' };
    if (isCelError(answer)) return { problem: explain(answer.message) };
    if (typeof answer !== 'boolean')
      return { problem: `it answers with the type ${celType(answer).name}, not true or false` };
    return { result: answer };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'it cannot be evaluated' };
  }
}

function tryParse(query: string): ParsedQuery | { problem: string } {
  try {
    return parseQuery(query);
  } catch (error) {
    if (error instanceof QueryError) return { problem: error.message };
    throw error;
  }
}

function explain(message: string): string {
  return message === 'unresolved attribute' ? FACT_NOT_TOLD : message.slice(0, 300);
}

/** Whole numbers become CEL integers, so that `memoryMegabytes >= 2048` compares like with like. */
function celInput(value: unknown): unknown {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(celInput);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, celInput(item)]])),
    );
  return value;
}
