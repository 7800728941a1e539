import type { Digest } from '@muster/contracts/digest.js';

/** A version as far as deciding needs it. */
export interface KnownVersion {
  version: number;
  /** `deleted`: its number is not given again. */
  state: 'uploading' | 'available' | 'deleted';
  manifest: Digest;
}

/**
 * Which version an announced manifest is: the newest available one when nothing changed, an upload of the same files
 * that has begun and can be resumed, or a new one. Pure.
 *
 * @param versions all versions of the package that matter: any order
 */
export function decideVersion(
  versions: readonly KnownVersion[],
  manifest: Digest,
): { version: number; isNew: boolean } {
  const byNumber = [...versions].sort((a, b) => b.version - a.version);
  const newest = byNumber.find(({ state }) => state === 'available');
  if (newest?.manifest === manifest) return { version: newest.version, isNew: false };
  const begun = byNumber.find(
    (one) => one.state === 'uploading' && one.manifest === manifest && one.version > (newest?.version ?? 0),
  );
  if (begun) return { version: begun.version, isNew: false };
  return { version: (byNumber[0]?.version ?? 0) + 1, isNew: true };
}
