import type { PolicyBody } from '@muster/contracts/agent/policy.js';
import { canonicalJson, digestOfBytes, type Digest } from '@muster/contracts/digest.js';
import { nameSchema } from '@muster/contracts/resource.js';
import type { SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import type { ResolvedContent } from '@muster/contracts/requests/resolve-content.js';
import { collectReferences } from '@muster/sequence/references.js';

/** What became of compiling one deployment. */
export type Outcome =
  | { readonly kind: 'compiled'; readonly digest: Digest; readonly bytes: string; readonly manifests: Digest[] }
  /** Something is missing that may come: looked at again when it does. */
  | { readonly kind: 'blocked'; readonly reason: string }
  /** Devices shall hear nothing of it. */
  | { readonly kind: 'withdrawn'; readonly reason: string };

/** Names of the packages that enabled steps need, sorted, each once. */
export function neededPackages(sequence: SequenceRevision): string[] {
  const names = collectReferences(sequence.spec)
    .filter(({ reference, disabled }) => reference.kind === 'Package' && !disabled)
    .map(({ reference }) => reference.name);
  return [...new Set(names)].sort();
}

/** What can be said before content is asked about; undefined: go on. */
export function judgeSequence(sequence: SequenceRevision | null, sequenceDigest: string): Outcome | undefined {
  if (!sequence) return { kind: 'blocked', reason: `the catalog has no sequence revision ${sequenceDigest}` };
  if (sequence.spec.enabled === false) return { kind: 'withdrawn', reason: `sequence "${sequence.name}" is disabled` };
  const child = collectReferences(sequence.spec).find(
    ({ reference, disabled }) => reference.kind === 'TaskSequence' && !disabled,
  );
  // A body carries one sequence; children come with the engine issue, and a run without them would be a wrong run.
  if (child) return { kind: 'blocked', reason: `child sequence "${child.reference.name}" cannot be delivered yet` };
  const misnamed = neededPackages(sequence).find((name) => !nameSchema.safeParse(name).success);
  if (misnamed !== undefined) return { kind: 'blocked', reason: `package "${misnamed}" does not exist` };
  return undefined;
}

/** The body of a sequence and the packages it needs: the same input gives the same bytes. */
export function buildBody(sequence: SequenceRevision, contents: readonly ResolvedContent[]): Outcome {
  const byName = new Map(contents.map((content) => [content.name, content]));
  const packages: PolicyBody['packages'] = {};
  for (const name of neededPackages(sequence)) {
    const content = byName.get(name);
    if (!content?.exists) return { kind: 'blocked', reason: `package "${name}" does not exist` };
    if (!content.distributed) {
      return { kind: 'blocked', reason: `package "${name}" is not available at any distribution point yet` };
    }
    const { version, manifest } = content.distributed;
    packages[name] = { version, manifest, programs: content.programs };
  }
  const body: PolicyBody = {
    version: 1,
    sequence: { name: sequence.name, digest: sequence.digest, spec: sequence.spec },
    packages,
  };
  const bytes = canonicalJson(body);
  const manifests = [...new Set(Object.values(packages).map(({ manifest }) => manifest))];
  return { kind: 'compiled', digest: digestOfBytes(bytes), bytes, manifests };
}
