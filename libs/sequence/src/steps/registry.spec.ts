import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { STEP_CATEGORIES, type StepDefinition } from './definition.js';
import { settingFields, settingsJsonSchema } from './registry-schemas.js';
import { STEP_DEFINITIONS, stepDefinition, stepTypeNames } from './registry.js';

const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(entry.parentPath, entry.name, 'definition.ts')))
  .map((entry) => entry.name)
  .sort();

const kebab = (type: string): string => type.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();

describe('the registry of step types', () => {
  it('knows every type once', () => {
    expect(STEP_DEFINITIONS.length).toBeGreaterThanOrEqual(26);
    expect(stepTypeNames()).toEqual(STEP_DEFINITIONS.map(({ type }) => type));
    for (const definition of STEP_DEFINITIONS) expect(stepDefinition(definition.type)).toBe(definition);
    expect(stepDefinition('constructor')).toBeUndefined();
  });

  it('lists every folder with a definition, under the name of its type', () => {
    expect(
      STEP_DEFINITIONS.map(({ type }) => kebab(type))
        .slice()
        .sort(),
    ).toEqual(folders);
  });

  it('has every category, each in one piece, in the order of the menu', () => {
    const order = STEP_DEFINITIONS.map(({ category }) => STEP_CATEGORIES.indexOf(category));
    expect(order).toEqual(order.slice().sort((a, b) => a - b));
    expect([...new Set(order)]).toEqual(STEP_CATEGORIES.map((_, index) => index));
  });
});

describe.each(STEP_DEFINITIONS.map((definition) => [definition.type, definition] as const))(
  '%s',
  (type, definition) => {
    it('has a name in PascalCase, a title and a help text in whole sentences', () => {
      expect(type).toMatch(/^([A-Z][a-z0-9]*)+$/);
      expect(definition.title.length).toBeGreaterThan(2);
      expect(definition.help.length).toBeGreaterThanOrEqual(40);
      expect(definition.help).toMatch(/^[A-Z].*\.$/s);
    });

    it('says how it is carried out', () => {
      expect(['engine', 'executor', 'unsupported']).toContain(definition.execution);
      expect(definition.defaults.successCodes).toContain(0);
    });

    it('speaks only of settings that it has', () => {
      const fields = Object.keys(settingFields(definition));
      const { variables = {}, literalSettings = [], unexpandedSettings = [], secretSettings = [] } = definition;
      const named = [...Object.keys(variables), ...literalSettings, ...unexpandedSettings, ...secretSettings];
      expect(named.filter((name) => !fields.includes(name.split('.')[0] ?? ''))).toEqual([]);
    });

    it('publishes each setting under a variable of its own', () => {
      const names = Object.values(definition.variables ?? {}).map((name) => name.toLowerCase());
      expect(new Set(names).size).toBe(names.length);
    });

    it('has defaults that it would accept itself', () => {
      expect(documentedDefaults(definition).filter(({ accepted }) => !accepted)).toEqual([]);
    });

    it('has settings that JSON Schema can describe', () => {
      const schema = settingsJsonSchema(definition);
      expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
      const named = Object.keys((schema['$defs'] ?? {}) as object).map((name) => `#/$defs/${name}`);
      const references = [...JSON.stringify(schema).matchAll(/"\$ref":"([^"]*)"/g)].map((match) => match[1]);
      expect(references.filter((reference) => !named.includes(reference ?? ''))).toEqual([]);
    });
  },
);

/** Every default that the schema states, at any depth. */
function documentedDefaults({ settingsSchema }: StepDefinition): { value: unknown; accepted: boolean }[] {
  const found: { value: unknown; accepted: boolean }[] = [];
  z.toJSONSchema(settingsSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema }) => {
      const value = z.globalRegistry.get(zodSchema)?.['default'];
      if (value !== undefined) found.push({ value, accepted: z.safeParse(zodSchema, value).success });
    },
  });
  return found;
}
