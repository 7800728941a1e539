import * as fc from 'fast-check';
import type { CollectionVariables } from './collection-variables.js';
import { explainVariables } from './explain-variables.js';

const collections: CollectionVariables[] = [
  { id: 'all', priority: 1, variables: { Ring: 'broad', Proxy: 'p' } },
  { id: 'pilot', priority: 9, variables: { ring: 'pilot', Token: { value: 'geheim', secret: true } } },
  { id: 'web', priority: 9, variables: { RING: 'web' } },
];

describe('the variables that a device is given', () => {
  it('are said by name with the winner and every loser, each with where it comes from', () => {
    const explained = explainVariables({ device: { Proxy: 'own' }, collections });
    expect(explained).toEqual([
      {
        name: 'Proxy',
        winner: { layer: 'device', value: 'own' },
        losers: [{ layer: 'collection', value: 'p', source: 'all' }],
      },
      {
        name: 'RING',
        winner: { layer: 'collection', value: 'pilot', source: 'pilot' },
        losers: [
          { layer: 'collection', value: 'web', source: 'web', priority: 9, tied: true },
          { layer: 'collection', value: 'broad', source: 'all', priority: 1 },
        ],
      },
      { name: 'Token', winner: { layer: 'collection', value: '********', source: 'pilot' }, losers: [] },
    ]);
  });

  it('have no winner when the strongest value is empty: that hides the others', () => {
    const [ring] = explainVariables({ device: { Ring: '' }, collections: collections.slice(0, 1) }).slice(-1);
    expect(ring).toEqual({
      name: 'Ring',
      losers: [{ layer: 'collection', value: 'broad', source: 'all' }],
    });
  });
});

/** What the specification says (variables, section 3; VAR-04, VAR-05), written down without looking at the engine. */
function wins(name: string, device: Record<string, string>, all: readonly CollectionVariables[]): string | undefined {
  const inAnyCase = (values: Readonly<Record<string, unknown>>): string | undefined =>
    Object.entries(values).flatMap(([key, value]) =>
      key.toLowerCase() === name.toLowerCase() ? [String(value)] : [],
    )[0];
  let best: { value: string; priority: number; id: string } | undefined;
  for (const { id, priority = 1, variables } of all) {
    const value = inAnyCase(variables);
    if (value === undefined) continue;
    if (!best || priority > best.priority || (priority === best.priority && id < best.id))
      best = { value, priority, id };
  }
  const value = inAnyCase(device) ?? best?.value;
  return value === '' ? undefined : value;
}

it('says of any device and any collections what the specification says', () => {
  const name = fc.constantFrom('Ring', 'RING', 'Proxy', 'proxy', 'constructor');
  const once = (values: Record<string, string>): Record<string, string> =>
    Object.fromEntries(new Map(Object.entries(values).map((entry) => [entry[0].toLowerCase(), entry])).values());
  const layer = fc.dictionary(name, fc.constantFrom('', 'a', 'b', 'c')).map(once);
  const many = fc.uniqueArray(
    fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      priority: fc.integer({ min: 1, max: 9 }),
      variables: layer,
    }),
    { selector: ({ id }) => id, maxLength: 5 },
  );
  fc.assert(
    fc.property(layer, many, (device, collections) => {
      for (const explained of explainVariables({ device, collections })) {
        expect(explained.winner?.value).toBe(wins(explained.name, device, collections));
        const given = [device, ...collections.map(({ variables }) => variables)].filter((values) =>
          Object.keys(values).some((key) => key.toLowerCase() === explained.name.toLowerCase()),
        );
        // Nobody who has a say is forgotten.
        expect(explained.losers).toHaveLength(given.length - 1);
      }
    }),
    { numRuns: 10_000 },
  );
});
