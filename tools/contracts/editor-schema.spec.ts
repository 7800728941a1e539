import { jsonSchemas } from '@muster/contracts/json-schemas.js';
import type { JsonSchema } from '@muster/sequence/steps/registry-schemas.js';
import { stepTypeNames } from '@muster/sequence/steps/registry.js';
import { withStepSettings } from './editor-schema.js';

const plain = jsonSchemas()['resources/task-sequence-input'] as JsonSchema;

describe('the schema of a task sequence for editors', () => {
  const schema = withStepSettings(plain);
  const step = (schema['$defs'] as Record<string, JsonSchema>)['SequenceStep'] ?? {};
  const branches = step['allOf'] as { if: JsonSchema; then: { properties: JsonSchema; required?: string[] } }[];

  it('offers every step type with its title and help', () => {
    const { type } = step['properties'] as { type: { anyOf: { const: string; title: string; description: string }[] } };
    expect(type.anyOf.map((offer) => offer.const)).toEqual(stepTypeNames());
    expect(type.anyOf.filter(({ title, description }) => title === '' || description === '')).toEqual([]);
  });

  it('knows the settings of each type, their defaults, and whether any are needed', () => {
    expect(branches.map((branch) => branch.if)).toEqual(
      stepTypeNames().map((type) => ({ properties: { type: { const: type } }, required: ['type'] })),
    );
    const of = (type: string) => branches[stepTypeNames().indexOf(type)]?.then;
    expect(of('DisableBitLocker')).toMatchObject({
      properties: { settings: { properties: { rebootCount: { default: 1 } } } },
    });
    expect(of('DisableBitLocker')?.required).toBeUndefined();
    expect(of('ApplyDataImage')?.required).toEqual(['settings']);
  });

  it('leads to nothing that is not there', () => {
    const names = Object.keys(schema['$defs'] as object).map((name) => `#/$defs/${name}`);
    const references = [...JSON.stringify(schema).matchAll(/"\$ref":"([^"]*)"/g)].map((match) => match[1] ?? '');
    expect(references.length).toBeGreaterThan(0);
    expect([...new Set(references)].filter((reference) => !names.includes(reference))).toEqual([]);
  });

  it('leaves everything but the step as the contract has it', () => {
    const { $defs: before, ...outside } = plain;
    const { $defs: after, ...same } = schema;
    expect(same).toEqual(outside);
    expect(after).toMatchObject({ ...(before as object), SequenceStep: { required: ['step', 'type'] } });
  });

  it('refuses a document without steps', () => {
    expect(() => withStepSettings({ type: 'object' })).toThrow('SequenceStep');
  });
});
