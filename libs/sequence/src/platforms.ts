import { z } from 'zod';

const word = z.string().min(1).max(64);

/** One kind of computer that a sequence is for; what is absent is not asked. */
export const platformSchema = z
  .strictObject({
    os: word.meta({ description: 'the fact os.id, in lower case: debian, ubuntu, windows' }),
    versions: z
      .array(word)
      .min(1)
      .max(50)
      .optional()
      .meta({ description: 'the fact os.versionId; "12" is every 12 and 12.x' }),
    architecture: word.optional().meta({ description: 'the fact os.architecture: x64, arm64' }),
  })
  .meta({ id: 'Platform' });

export type Platform = z.infer<typeof platformSchema>;

/** What is known of the operating system of a computer. */
export interface PlatformFacts {
  readonly id?: string | undefined;
  readonly versionId?: string | undefined;
  readonly architecture?: string | undefined;
}

/** Is a computer one of the listed kinds? Without a list, every one is; what a computer does not tell is no match. */
export function isListedPlatform(platforms: readonly Platform[] | undefined, facts: PlatformFacts): boolean {
  return (
    platforms === undefined ||
    platforms.some(
      ({ os, versions, architecture }) =>
        os === facts.id &&
        (versions === undefined || versions.some((version) => isVersion(facts.versionId, version))) &&
        (architecture === undefined || architecture === facts.architecture),
    )
  );
}

/** Why a computer is not for it, as a sentence for people. */
export function describePlatforms(platforms: readonly Platform[], facts: PlatformFacts): string {
  const wanted = platforms.map(({ os, versions = [], architecture }) =>
    [os, versions.join(' or '), architecture].filter(Boolean).join(' '),
  );
  const own = [facts.id, facts.versionId, facts.architecture].filter(Boolean).join(' ') || 'unknown';
  return `its task sequence is for ${wanted.join(', ')}, and this computer is ${own}`;
}

function isVersion(own: string | undefined, wanted: string): boolean {
  return own !== undefined && (own === wanted || own.startsWith(`${wanted}.`));
}
