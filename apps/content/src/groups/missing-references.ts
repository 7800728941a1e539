import type { ProblemFinding } from '@muster/contracts/problem.js';
import { MusterError } from '@muster/platform/errors.js';

/** Names at one place of a document, and which of them there are. */
export interface NamedThings {
  /** JSON pointer of the list. */
  path: string;
  kind: string;
  names: readonly string[];
  known: { has(name: string): boolean };
  /** Where in an entry the name stands, default the entry itself. */
  at?: string;
}

/** A finding for each name that nothing has. Pure. */
export function missingReferences(lists: readonly NamedThings[]): ProblemFinding[] {
  return lists.flatMap(({ path, kind, names, known, at = '' }) =>
    names.flatMap((name, index) => (known.has(name) ? [] : [missingReference(`${path}/${index}${at}`, kind, name)])),
  );
}

/** The finding that there is no such thing. */
export function missingReference(path: string, kind: string, name: string): ProblemFinding {
  return {
    path,
    code: 'content.missing-reference',
    message: `there is no ${kind} "${name}"`,
    fix: 'Apply it first, or correct the name',
  };
}

/** Refuses a document for what it names and nothing has. */
export function refuseMissing(kind: string, name: string, findings: readonly ProblemFinding[]): never {
  const [first] = findings;
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  throw new MusterError(
    'invalid',
    'content.missing-reference',
    `${kind} "${name}" names what does not exist: ${first?.path}: ${first?.message}${more}`,
    { findings: [...findings] },
  );
}
