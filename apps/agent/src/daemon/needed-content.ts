import type { Assignment } from '@muster/contracts/agent/policy.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { BodyStore } from '../policy/body-store.js';
import type { RunRecords } from './run-records.js';

/**
 * The versions of content that unfinished runs, and Required ones that are still to come, need: the cache keeps them. What has run
 * may come again when the deployment has triggers of its own.
 */
export function neededContent(
  records: Pick<RunRecords, 'unfinished' | 'finishedDeployments'>,
  assignments: readonly Assignment[],
  bodies: Pick<BodyStore, 'read'>,
): ReadonlySet<Digest> {
  const finished = records.finishedDeployments;
  const toCome = assignments.filter(
    ({ purpose, deployment, triggers }) =>
      purpose === 'Required' && (!finished.has(deployment.uid) || triggers !== undefined),
  );
  const digests = new Set([...records.unfinished, ...toCome].map(({ body }) => body));
  return new Set(
    [...digests].flatMap((digest) => {
      const { packages = {}, contents = {} } = bodies.read(digest) ?? {};
      return [packages, ...Object.values(contents)].flatMap((named) => Object.values(named).map((one) => one.manifest));
    }),
  );
}
