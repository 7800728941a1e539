import type { Assignment } from '@muster/contracts/agent/policy.js';
import type { Digest } from '@muster/contracts/digest.js';

/** What is to be done now, and when to look again if nothing else happens. */
export interface Decision {
  readonly run: Assignment | undefined;
  readonly lookAgainInSeconds: number | undefined;
}

/**
 * The next assignment to run: Required, inside its time, never finished by this device, and with its body here.
 * The earliest `availableAt` goes first, then the order of the policy.
 *
 * @param finished uids of deployments that have a finished run on this device
 * @param nowMilliseconds by the clock of this computer
 */
export function decide(
  assignments: readonly Assignment[],
  finished: ReadonlySet<string>,
  hasBody: (digest: Digest) => boolean,
  nowMilliseconds: number,
): Decision {
  const open = assignments
    .filter(({ purpose, deployment }) => purpose === 'Required' && !finished.has(deployment.uid))
    .map((assignment) => ({
      assignment,
      from: instant(assignment.availableAt, -Infinity),
      until: instant(assignment.expiresAt, Infinity),
    }))
    .sort((a, b) => (a.from === b.from ? 0 : a.from - b.from));
  const due = open.find(
    ({ assignment, from, until }) => from <= nowMilliseconds && nowMilliseconds < until && hasBody(assignment.body),
  );
  const next = open.find(({ from }) => from > nowMilliseconds);
  return {
    run: due?.assignment,
    lookAgainInSeconds: next && Math.max(0.001, (next.from - nowMilliseconds) / 1000),
  };
}

function instant(text: string | undefined, missing: number): number {
  return text === undefined ? missing : Date.parse(text);
}
