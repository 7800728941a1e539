import * as fc from 'fast-check';
import { anySequence } from '../test/random-sequences.js';
import { sequenceSpecSchema } from './model.js';
import { validateSequence } from './validate.js';

type Json = Record<string, unknown> | unknown[];

/** Every object and list in a document. */
function containers(value: unknown): Json[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value as Json, ...Object.values(value).flatMap(containers)];
}

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    { variable: 'A', operator: 'is' },
    { all: [] },
    { all: {} },
    { none: [{ variable: 'A', operator: 'exists', value: 1 }] },
    { file: '/etc/hosts', modified: { operator: 'equals', value: 'yesterday' } },
    { os: 'debian', architecture: 'sparc' },
    { sequence: 'x' },
    { group: 'x' },
    { attempts: 0 },
    [0],
  ),
);
const keys = fc.constantFrom(
  'condition',
  'steps',
  'settings',
  'retry',
  'timeoutSeconds',
  'successCodes',
  'variables',
  'x',
);

describe('a specification without errors', () => {
  it('fits the schema just as it is, so that nobody need read it twice', () => {
    let fine = 0;
    fc.assert(
      fc.property(
        anySequence,
        fc.array(fc.tuple(fc.nat(), fc.oneof(keys, fc.nat(3)), junk), { maxLength: 2 }),
        (sequence, edits) => {
          const spec = structuredClone(sequence);
          for (const [where, key, value] of edits) {
            const places = containers(spec);
            const place = places[where % places.length];
            if (place)
              (place as Record<string, unknown>)[Array.isArray(place) ? Number(key) || 0 : String(key)] =
                structuredClone(value);
          }
          const document = JSON.parse(JSON.stringify(spec)) as unknown;
          if (validateSequence(document).some(({ severity }) => severity === 'error')) return;
          fine++;
          expect(sequenceSpecSchema.parse(document)).toEqual(document);
        },
      ),
      { numRuns: 3000 },
    );
    expect(fine).toBeGreaterThan(100);
  });
});
