import type { ProblemFinding } from '@muster/contracts/problem.js';
import { MusterError } from '@muster/platform/errors.js';

/** So many users of each sort are named. */
export const NAMED_USERS = 200;

/** Who uses a sequence: nodes of other sequences, disabled ones too, and deployments. */
export interface SequenceUsers {
  /** The first of them. */
  readonly nodes: readonly { readonly sequence: string; readonly path: string }[];
  readonly moreNodes: boolean;
  /** Names of the first of them. */
  readonly deployments: readonly string[];
  readonly moreDeployments: boolean;
}

/**
 * Refuses when a sequence is used. The path of each finding names who uses it, as `TaskSequence/NAME` or `Deployment/NAME`; a
 * last finding with the path "" says that there are more.
 *
 * @throws MusterError `resource.still-used`
 */
export function refuseUsed(name: string, users: SequenceUsers): void {
  const findings = [
    ...users.nodes.map(({ sequence, path }) =>
      used(`TaskSequence/${sequence}`, `TaskSequence "${sequence}" names it in the node "${path}"`),
    ),
    ...users.deployments.map((deployment) => used(`Deployment/${deployment}`, `Deployment "${deployment}" deploys it`)),
  ];
  if (findings.length === 0) return;
  const more = users.moreNodes || users.moreDeployments;
  const places = `${more ? 'more than ' : ''}${findings.length} place${findings.length === 1 ? '' : 's'}`;
  throw new MusterError(
    'conflict',
    'resource.still-used',
    `TaskSequence "${name}" is still used, in ${places}. Let them name another sequence, or delete it with force`,
    { findings: more ? [...findings, used('', 'and there are more')] : findings },
  );
}

function used(path: string, message: string): ProblemFinding {
  return { path, code: 'resource.still-used', message, fix: 'Let it name another sequence, or delete with force' };
}
