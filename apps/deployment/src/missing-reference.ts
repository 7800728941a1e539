import type { ProblemFinding } from '@muster/contracts/problem.js';
import { MusterError } from '@muster/platform/errors.js';

/** Something that a document names and that does not exist. */
export interface MissingReference {
  /** JSON pointer into the document. */
  path: string;
  kind: string;
  name: string;
  fix: string;
}

/** @throws MusterError `deployment.missing-reference` (400) with one finding for each, if there is any */
export function refuseMissing(document: string, missing: readonly MissingReference[]): void {
  const [first] = missing;
  if (!first) return;
  const findings: ProblemFinding[] = missing.map(({ path, kind, name, fix }) => ({
    path,
    code: 'deployment.missing-reference',
    severity: 'error',
    message: `there is no ${kind} "${name}"`,
    fix,
  }));
  const more = missing.length > 1 ? ` (and ${missing.length - 1} more)` : '';
  throw new MusterError(
    'invalid',
    'deployment.missing-reference',
    `${document}: ${first.path}: there is no ${first.kind} "${first.name}"${more}. ${first.fix}`,
    { findings },
  );
}
