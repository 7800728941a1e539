import type { ProblemFinding } from '@muster/contracts/problem.js';
import { MusterError } from '@muster/platform/errors.js';

/** @throws MusterError (400) with the code of the first finding, and all of them; nothing when there are none */
export function refuseSettings(name: string, findings: ProblemFinding[]): void {
  const [first] = findings;
  if (!first) return;
  const message = `Deployment "${name}": ${first.path}: ${first.message}. ${first.fix}`;
  throw new MusterError('invalid', first.code, message, { findings });
}
