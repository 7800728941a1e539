import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { inspectFactsQuery } from './conditions/facts-query.js';
import { FACT_SHAPE, type FactShape } from './conditions/facts-schema.js';
import type { Finding } from './findings.js';
import { validateCondition } from './validate-condition.js';

function findingsOf(condition: unknown): Finding[] {
  const findings: Finding[] = [];
  validateCondition(condition, '', findings, inspectFactsQuery);
  return findings;
}
const told = (condition: unknown): string[] =>
  findingsOf(condition).map(({ severity, code, path }) => `${severity} ${code} ${path}`);

describe('validateCondition', () => {
  it('refuses a query that cannot be used, and only warns of a fact that no computer tells', () => {
    expect(told({ facts: 'os.id = "x"' })).toEqual(['error condition.invalid-query /facts']);
    expect(told({ facts: 'memoryMegabytes' })).toEqual(['error condition.invalid-query /facts']);
    expect(told({ any: [{ facts: 'os.nmae == "x" && power == "ac"' }] })).toEqual([
      'warning condition.unknown-fact /any/0/facts',
    ]);
    expect(findingsOf({ facts: 'os.nmae == "x"' })[0]).toMatchObject({
      message: 'no computer tells a fact "os.nmae"',
      fix: 'did you mean os.name?',
    });
    expect(findingsOf({ facts: 'weather == "fine"' })[0]?.fix).toMatch(/^facts begin with os, hostname, /);
  });

  it('refuses languages and versions that are none, except where a variable stands for them', () => {
    expect(told({ osLanguage: '4711' })).toEqual(['error condition.unknown-language /osLanguage']);
    expect(told({ osLanguage: '%Language%' })).toEqual([]);
    expect(told({ os: 'debian', minimumVersion: 'bookworm', maximumVersion: '%Max%' })).toEqual([
      'error condition.invalid-version /minimumVersion',
    ]);
    expect(told({ software: 'curl', version: { operator: 'equals', value: 'newest' } })).toEqual([
      'error condition.invalid-version /version/value',
    ]);
  });

  it('wants a value for comparisons, and none for exists', () => {
    expect(told({ registry: 'HKLM\\X', operator: 'less' })).toEqual(['error sequence.missing-field /value']);
    expect(told({ registry: 'HKLM\\X', operator: 'notExists' })).toEqual([]);
  });
});

const page = readFileSync(fileURLToPath(new URL('../../../docs/conditions.md', import.meta.url)), 'utf8');

describe('docs/conditions.md', () => {
  it('has only examples that are valid', () => {
    const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => {
      const document = parse(text) as { condition: unknown } | [{ condition: unknown }];
      return Array.isArray(document) ? document[0].condition : document.condition;
    });
    expect(examples.length).toBeGreaterThanOrEqual(11);
    for (const example of examples) expect([example, findingsOf(example)]).toEqual([example, []]);
  });

  it('names every fact of the schema, and no other', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `') && line.split('|').length === 5);
    const named = rows.flatMap((line) => {
      const [first = '', ...rest] = [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
      return first.endsWith('[]') ? rest.map((name) => first + name.replace('[]', '')) : [first, ...rest];
    });
    expect(named.sort()).toEqual(leaves(FACT_SHAPE, '').sort());
  });
});

/** `os.id`, `disks[]name`. */
function leaves(shape: FactShape, path: string): string[] {
  if (shape.kind === 'list') return shape.element.kind === 'record' ? leaves(shape.element, `${path}[]`) : [path];
  if (shape.kind !== 'record') return [path];
  const dot = path === '' || path.endsWith('[]') ? '' : '.';
  return Object.entries(shape.fields).flatMap(([name, field]) => leaves(field, path + dot + name));
}
