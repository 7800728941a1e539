import { z } from 'zod';
import type { StepDefinition } from './definition.js';

/** A JSON Schema 2020-12, as far as documents are concerned. */
export type JsonSchema = { [keyword: string]: unknown };

/**
 * The settings of a step type as JSON Schema 2020-12: what authors may write, so numbers may be texts that hold `%NAME%`.
 * Unlike z.toJSONSchema alone it keeps the defaults of settings that are also accepted as texts. What has a name of its own
 * (a condition) stands in `$defs`.
 */
export function settingsJsonSchema(definition: StepDefinition): JsonSchema {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(definition.settingsSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const value = z.globalRegistry.get(zodSchema)?.['default'];
      if (value !== undefined) jsonSchema.default = value as never;
    },
  });
  return schema;
}

/** The fields that settings of a type may have, those of all its forms. */
export function settingFields(definition: StepDefinition): Record<string, JsonSchema> {
  const fields: Record<string, JsonSchema> = {};
  const visit = (schema: JsonSchema): void => {
    for (const [name, field] of Object.entries(asRecord(schema['properties']))) fields[name] ??= asRecord(field);
    for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
      const forms = schema[keyword];
      if (Array.isArray(forms)) forms.forEach((form) => visit(asRecord(form)));
    }
  };
  visit(settingsJsonSchema(definition));
  return fields;
}

function asRecord(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchema) : {};
}
