import type { ProblemFinding } from './problem.js';

/** A document may be wrong everywhere; nobody reads more. */
const MOST_TOLD = 20;

/**
 * Finds text that no database keeps: with a NUL, or with half of a surrogate pair. Neither Postgres' text nor its JSON has them, so they
 * must not get behind a door.
 *
 * @param document of JSON values, not nested endlessly
 * @returns one finding for each text, at most twenty; for the name of a field at its object
 */
export function unstorableTexts(document: unknown): ProblemFinding[] {
  const found: ProblemFinding[] = [];
  look(document, '', found);
  return found;
}

function look(value: unknown, path: string, found: ProblemFinding[]): void {
  if (found.length >= MOST_TOLD) return;
  if (typeof value === 'string') {
    if (!isStorable(value)) found.push(finding(path, 'this text'));
  } else if (Array.isArray(value)) {
    value.forEach((one, index) => look(one, `${path}/${index}`, found));
  } else if (isRecord(value)) {
    for (const [name, one] of Object.entries(value)) {
      if (isStorable(name)) look(one, `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, found);
      else found.push(finding(path, 'the name of a field here'));
    }
  }
}

function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** Plain objects, and those that parsers of addresses make, with an empty prototype of their own. Bytes and streams are no documents. */
function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function finding(path: string, what: string): ProblemFinding {
  return {
    path,
    code: 'document.unstorable-text',
    severity: 'error',
    message: `${what} has a NUL character or half of a surrogate pair, which nothing keeps`,
    fix: 'Take that character out',
  };
}
