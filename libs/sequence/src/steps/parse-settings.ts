import type { z } from 'zod';
import type { StepDefinition } from './definition.js';

/** A step's settings as its type's schema reads them, or what is wrong with them. */
export type ParsedSettings = z.ZodSafeParseResult<unknown>;

/** By the settings as written: validation, references and the engine all ask for the same, and documents never change. */
const parsedSettings = new WeakMap<object, { definition: StepDefinition; parsed: ParsedSettings }>();

/** Checks settings as written, `%NAME%` still in them. */
export function parseSettings(definition: StepDefinition, settings: Readonly<Record<string, unknown>>): ParsedSettings {
  const known = parsedSettings.get(settings);
  if (known?.definition === definition) return known.parsed;
  const parsed = definition.settingsSchema.safeParse(settings);
  parsedSettings.set(settings, { definition, parsed });
  return parsed;
}
