import type { Assignment, PolicyBody } from '@muster/contracts/agent/policy.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { BodyStore } from '../policy/body-store.js';
import type { NamedContent } from '../policy/decide.js';
import type { RunRecords } from './run-records.js';

/**
 * The versions of content that unfinished runs, Required ones that are still to come, and runs that are being prepared need: the cache
 * keeps them. What has run may come again when the deployment has triggers of its own.
 * @param preparing uids of deployments
 */
export function neededContent(
  records: Pick<RunRecords, 'unfinished' | 'finishedDeployments'>,
  assignments: readonly Assignment[],
  preparing: ReadonlySet<string>,
  bodies: Pick<BodyStore, 'read'>,
): ReadonlySet<Digest> {
  const finished = records.finishedDeployments;
  const toCome = assignments.filter(
    ({ purpose, deployment, triggers, fetchAhead }) =>
      fetchAhead === true ||
      preparing.has(deployment.uid) ||
      (purpose === 'Required' && (!finished.has(deployment.uid) || triggers !== undefined)),
  );
  const kept = [...records.unfinished, ...toCome].filter(({ content }) => content !== 'FromPoint');
  const digests = new Set(kept.map(({ body }) => body));
  return new Set(
    [...digests].flatMap((digest) => {
      const body = bodies.read(digest);
      return body ? contentOf(body).map(({ manifest }) => manifest) : [];
    }),
  );
}

/** The versions of content that a body names: what the enabled steps of the sequence and of its children need. */
export function contentOf({ packages = {}, contents = {} }: Pick<PolicyBody, 'packages' | 'contents'>): NamedContent[] {
  return Object.entries({ package: packages, ...contents }).flatMap(([kind, named]) =>
    Object.entries(named).map(([name, { version, manifest, meantFor }]) => ({
      name: `${kind} "${name}" version ${version}`,
      manifest,
      ...(meantFor && { meantFor }),
    })),
  );
}
