import { checkSequence } from './check-sequence.js';
import { inspectFactsQuery } from './conditions/facts-query.js';
import type { Finding } from './findings.js';

/**
 * Checks the `spec` of a task sequence and returns ALL findings at once, none for a good one. Never throws for
 * JSON values, however deep or wrong. References to other objects are not looked up here (`collectReferences`).
 *
 * @param path JSON pointer of the spec inside the resource, put before every finding.
 */
export function validateSequence(spec: unknown, path = '/spec'): Finding[] {
  return checkSequence(spec, path, inspectFactsQuery);
}
