import { languageMatches, languageTag } from '@muster/sequence/conditions/language.js';
import { z } from 'zod';
import { architectureSchema } from '../kinds/image-facts.js';

/** Which computers content is meant for, as its author said; what is absent is not asked. */
export const meantForSchema = z
  .strictObject({
    architecture: architectureSchema.optional(),
    language: z.string().max(32).optional().describe('As it was written: de-DE, or 1031'),
    models: z.array(z.string().max(128)).optional().describe('Parts of the names that firmware gives computers'),
  })
  .meta({ id: 'MeantFor' });

export type MeantFor = z.infer<typeof meantForSchema>;

/** What a computer knows of itself; what is absent is not known. */
export interface ComputerTraits {
  readonly architecture?: string | undefined;
  /** A language tag. */
  readonly language?: string | undefined;
  readonly model?: string | undefined;
}

/**
 * Is content fetched ahead to a computer (deployments.md section 3.5: pre-download)? Not where it is meant for another architecture, another
 * language or other models (a part of the name is enough, in any case). What the computer does not know of itself, or nobody can read
 * as a language, keeps nothing away: a run must never miss what it needs.
 */
export function isMeantFor(meant: MeantFor | undefined, computer: ComputerTraits): boolean {
  if (!meant) return true;
  const { architecture, language, models = [] } = meant;
  const { model } = computer;
  if (architecture !== undefined && computer.architecture !== undefined && architecture !== computer.architecture)
    return false;
  const tag = language === undefined ? undefined : languageTag(language);
  if (tag !== undefined && computer.language !== undefined && !languageMatches(tag, computer.language)) return false;
  if (models.length === 0 || model === undefined) return true;
  return models.some((part) => model.toLowerCase().includes(part.toLowerCase()));
}
