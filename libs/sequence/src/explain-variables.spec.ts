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
