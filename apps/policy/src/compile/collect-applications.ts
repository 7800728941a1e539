import { POLICY_BODY_BYTES } from '@muster/contracts/agent/policy.js';
import { nameSchema } from '@muster/contracts/resource.js';
import type { Application } from '@muster/sequence/applications/application.js';
import { closeApplications } from '@muster/sequence/applications/close-applications.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { collectReferences } from '@muster/sequence/references.js';

/** The applications that a run may need: those that steps name, what they depend on, and what they supersede and take away. */
export interface Applications {
  /** By name; null: there is no such application. */
  readonly documents: ReadonlyMap<string, Application | null>;
  /** Together they are larger than any body may be, and not all of them were read. */
  readonly tooLarge: boolean;
}

export const NO_APPLICATIONS: Applications = { documents: new Map(), tooLarge: false };

/**
 * Reads all of them level by level, each name once.
 *
 * @param read the documents of these names; null or left out: there is none
 */
export async function collectApplications(
  specs: readonly SequenceSpec[],
  read: (names: readonly string[]) => Promise<ReadonlyMap<string, Application | null>>,
): Promise<Applications> {
  const named = specs
    .flatMap((spec) => collectReferences(spec))
    .filter(({ reference, disabled }) => reference.kind === 'Application' && !disabled)
    .map(({ reference }) => reference.name);
  let bytes = 0;
  const documents = await closeApplications(named, async (names) => {
    // Nothing can have such a name, so there is nothing to ask for.
    const possible = names.filter((name) => nameSchema.safeParse(name).success);
    if (bytes > POLICY_BODY_BYTES || possible.length === 0) return new Map();
    const found = await read(possible);
    for (const document of found.values()) if (document) bytes += Buffer.byteLength(JSON.stringify(document));
    return found;
  });
  return { documents, tooLarge: bytes > POLICY_BODY_BYTES };
}
