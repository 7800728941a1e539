import type { Assignment } from '@muster/contracts/agent/policy.js';
import { START_PERMITS } from '@muster/contracts/agent/permits.js';

/** Those that this site knows: others say nothing to it, and must not fill its tables. */
const KNOWN: readonly string[] = [START_PERMITS];

/** What an agent says that it can do: known words, sorted. */
export function parseAbilities(header: string | readonly string[] | undefined): string[] {
  if (header === undefined) return [];
  const text = typeof header === 'string' ? header : header.join(',');
  const words = new Set(text.split(',').map((word) => word.trim()));
  return KNOWN.filter((word) => words.has(word));
}

/** An agent that knows no permits would start at once: it is not told of a deployment that has a rollout. */
export function isFor(assignment: Assignment, abilities: readonly string[]): boolean {
  return assignment.rollout === undefined || abilities.includes(START_PERMITS);
}
