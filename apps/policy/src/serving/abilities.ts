import { WAKE_NEIGHBOURS } from '@muster/contracts/agent/wake-up.js';
import {
  type Assignment,
  CLIENT_SETTINGS,
  CONTENT_FROM_POINT,
  PEOPLE_SETTINGS,
  PROGRAM_SETTINGS,
  START_PLACES,
} from '@muster/contracts/agent/policy.js';
import { CONTENT_REACH } from '@muster/contracts/agent/content.js';
import { START_PERMITS } from '@muster/contracts/agent/permits.js';

/** Those that this site knows: others say nothing to it, and must not fill its tables. */
const KNOWN: readonly string[] = [
  CLIENT_SETTINGS,
  CONTENT_FROM_POINT,
  CONTENT_REACH,
  PEOPLE_SETTINGS,
  PROGRAM_SETTINGS,
  START_PERMITS,
  START_PLACES,
  WAKE_NEIGHBOURS,
];

/** What an agent says that it can do: known words, sorted. */
export function parseAbilities(header: string | readonly string[] | undefined): string[] {
  if (header === undefined) return [];
  const text = typeof header === 'string' ? header : header.join(',');
  const words = new Set(text.split(',').map((word) => word.trim()));
  return KNOWN.filter((word) => words.has(word));
}

/**
 * What an agent would do wrong it is not told of: one that knows no permits would start at once what has a rollout, and one that
 * knows of no points that a deployment leaves out, of no places where it must not run, or of no way past its
 * cache, would refuse the whole policy. One that does not know where, and on what computers, a program runs would run it all the same.
 */
export function isFor(assignment: Assignment, abilities: readonly string[]): boolean {
  const saysPoints = assignment.neighbourPoints !== undefined || assignment.defaultGroupPoints !== undefined;
  const saysPlaces = assignment.onInternet !== undefined || assignment.onWriteFilter !== undefined;
  return (
    (assignment.rollout === undefined || abilities.includes(START_PERMITS)) &&
    (!saysPoints || abilities.includes(CONTENT_REACH)) &&
    (!saysPlaces || abilities.includes(START_PLACES)) &&
    (assignment.programSettings === undefined || abilities.includes(PROGRAM_SETTINGS)) &&
    (assignment.content !== 'FromPoint' || abilities.includes(CONTENT_FROM_POINT))
  );
}
