import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stepReference } from '../../tools/docs/step-reference.js';
import { settingRows, typeOf } from '../../tools/docs/describe-schema.js';
import { root } from './depcruise.js';

describe('docs/steps.md', () => {
  it('is what the registry of step types gives, to the letter', async () => {
    const committed = readFileSync(join(root, 'docs', 'steps.md'), 'utf8').split('\n');
    const wanted = (await stepReference()).split('\n');
    const line = wanted.findIndex((text, index) => text !== committed[index]);
    const found = committed[line < 0 ? wanted.length : line];
    const help = 'Run "npm run docs:steps" and review the difference: it is what authors will read.';
    expect({ line: line + 1, found, help }).toEqual({ line: line < 0 ? 0 : line + 1, found: wanted[line], help });
    expect(committed).toHaveLength(wanted.length);
  });
});

describe('a schema in words', () => {
  it.each([
    [{ anyOf: [{ type: 'integer', minimum: 0, maximum: 99 }, { type: 'string' }] }, 'whole number 0 to 99'],
    [{ anyOf: [{ type: 'string', enum: ['GPT', 'MBR'] }, { type: 'string' }] }, '`GPT`, `MBR`'],
    [
      { anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }] },
      'list: text; or one text with commas',
    ],
    [{ type: 'string', minLength: 1, maxLength: 255 }, 'text of 1 to 255 characters'],
    [{ type: 'object', additionalProperties: { type: 'string' } }, 'names with text'],
    [{ $ref: '#/$defs/Condition' }, 'condition'],
    [{ $ref: '#/$defs/Flag' }, 'true or false'],
    [{}, 'anything'],
  ])('%j is "%s"', (schema, words) => {
    expect(typeOf(schema, { Flag: { type: 'boolean' } })).toBe(words);
  });

  it('has a row for what stands inside lists and named pieces', () => {
    const schema = {
      properties: { parts: { type: 'array', items: { $ref: '#/$defs/Part' } } },
      $defs: { Part: { type: 'object', properties: { size: { type: 'integer', default: 3 } }, required: ['size'] } },
    };
    expect(settingRows(schema).map(({ name, required, default: value }) => [name, required, value])).toEqual([
      ['parts', false, undefined],
      ['parts[].size', true, 3],
    ]);
  });
});
