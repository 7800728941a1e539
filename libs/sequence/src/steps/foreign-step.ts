import { z } from 'zod';
import type { StepDefinition } from './definition.js';

/**
 * Is this a type of another product, such as `BDD_InstallOS` or `SMS_TaskSequence_ConvertDiskAction`? Theirs have an underscore,
 * ours never do. An imported step that has no counterpart keeps its type and its settings.
 */
export function isForeignStepType(type: string): boolean {
  return type.length <= 100 && /^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)+$/.test(type);
}

const foreignSettingsSchema = z.record(z.string().max(256), z.unknown());
const known = new Map<string, StepDefinition>();

/** The definition of a type of another product: any settings, never run here. Undefined for other types. */
export function foreignStepDefinition(type: string): StepDefinition | undefined {
  if (!isForeignStepType(type)) return undefined;
  let definition = known.get(type);
  if (!definition) {
    definition = {
      type,
      category: 'General',
      title: type,
      help: 'A step of another product that has no counterpart here. It is kept as it was and fails when it is run.',
      settingsSchema: foreignSettingsSchema,
      defaults: { successCodes: [0] },
      repeatable: false,
      execution: 'unsupported',
      references: () => [],
    };
    // Few products, few types; a document cannot make this grow for ever.
    if (known.size < 1000) known.set(type, definition);
  }
  return definition;
}
