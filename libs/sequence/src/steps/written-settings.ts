import type { z } from 'zod';
import type { StepDefinition } from './definition.js';

/** A step's settings as written, `%NAME%` still in them: checked and normalised, or what is wrong with them. */
export type WrittenSettings =
  | {
      /** As the schema reads them, not normalised. */
      readonly parsed: unknown;
      readonly settings: Readonly<Record<string, unknown>>;
      /** Settings in which something has to be replaced before the step runs. */
      readonly expandable: readonly string[];
    }
  | { readonly error: z.ZodError };

/** By the settings themselves: validation, references and the engine ask for the same, and documents never change. */
const known = new WeakMap<object, { readonly definition: StepDefinition; readonly written: WrittenSettings }>();

/** Reads a step's settings, once for each document. */
export function writtenSettings(
  definition: StepDefinition,
  settings: Readonly<Record<string, unknown>>,
): WrittenSettings {
  const before = known.get(settings);
  if (before?.definition === definition) return before.written;
  const written = read(definition, settings);
  known.set(settings, { definition, written });
  return written;
}

function read(definition: StepDefinition, raw: Readonly<Record<string, unknown>>): WrittenSettings {
  const { success, data, error } = definition.settingsSchema.safeParse(raw);
  if (!success) return { error };
  const settings = (definition.normalize?.(data) ?? data) as Record<string, unknown>;
  const expandable = Object.keys(settings).filter(
    (setting) => !definition.unexpandedSettings?.includes(setting) && holdsPercent(settings[setting]),
  );
  return { parsed: data, settings, expandable };
}

function holdsPercent(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('%');
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsPercent);
}
