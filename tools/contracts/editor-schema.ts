import { type JsonSchema, settingsJsonSchema } from '@muster/sequence/steps/registry-schemas.js';
import { STEP_DEFINITIONS } from '@muster/sequence/steps/registry.js';

/**
 * The JSON Schema of a task sequence for editors: the same document as `schema`, and for each step type the schema of its
 * settings, so that completion and hints know them. Rules over several settings stay with the services.
 *
 * @param schema made from the contracts: `$defs.SequenceStep` has `settings` with any content.
 * @throws Error when there is no such step in it.
 */
export function withStepSettings(schema: JsonSchema): JsonSchema {
  const defs = schema['$defs'] as Record<string, JsonSchema> | undefined;
  const step = defs?.['SequenceStep'];
  if (!defs || !step) throw new Error('the schema has no $defs/SequenceStep');
  const properties = step['properties'] as Record<string, JsonSchema>;
  const named: Record<string, JsonSchema> = {};
  const branches = STEP_DEFINITIONS.map((definition) => {
    const { $defs: pieces, ...settings } = settingsJsonSchema(definition);
    Object.assign(named, pieces);
    const required = Array.isArray(settings['required']) && settings['required'].length > 0;
    return {
      if: { properties: { type: { const: definition.type } }, required: ['type'] },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: { properties: { settings }, ...(required ? { required: ['settings'] } : {}) },
    };
  });
  const types = STEP_DEFINITIONS.map(({ type, title, help }) => ({ const: type, title, description: help }));
  return {
    ...schema,
    $defs: {
      ...named,
      ...defs,
      SequenceStep: {
        ...step,
        properties: { ...properties, type: { type: 'string', anyOf: types } },
        allOf: branches,
      },
    },
  };
}
