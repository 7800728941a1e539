import type { ContentUses } from '@muster/contracts/kinds/content-uses.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import { MusterError } from '@muster/platform/errors.js';

/**
 * Refuses when something names content or an application: nodes of task sequences, disabled ones too, other applications, and
 * deployments whose devices are told of it. The path of each finding names who that is, as `TaskSequence/NAME`,
 * `Application/NAME` or `Deployment/NAME`; a last finding with the path "" says that there are more. Distributions do not
 * count here: they keep content from being deleted whatever is asked for.
 *
 * @throws MusterError `resource.still-used`
 */
export function refuseUsed({ kind, name, sequences, applications, deployments }: ContentUses): void {
  const findings = [
    ...sequences.items.map(({ sequence, path }) =>
      used(`TaskSequence/${sequence}`, `TaskSequence "${sequence}" names it in the node "${path}"`),
    ),
    ...applications.items.map(({ application, path }) =>
      used(`Application/${application}`, `Application "${application}" names it at ${path}`),
    ),
    ...deployments.items.map((deployment) =>
      used(`Deployment/${deployment}`, `Deployment "${deployment}" tells devices of it`),
    ),
  ];
  if (findings.length === 0) return;
  const more = sequences.more || applications.more || deployments.more;
  const places = `${more ? 'more than ' : ''}${findings.length} place${findings.length === 1 ? '' : 's'}`;
  throw new MusterError(
    'conflict',
    'resource.still-used',
    `${kind} "${name}" is still used, in ${places}. Let them name something else, or delete it with force`,
    { findings: more ? [...findings, used('', 'and there are more')] : findings },
  );
}

function used(path: string, message: string): ProblemFinding {
  return { path, code: 'resource.still-used', message, fix: 'Let it name something else, or delete with force' };
}
