import type { CollectionUses } from '@muster/contracts/kinds/collection-members.js';
import { copyOf } from './collection-copy.js';
import { planDeletion } from './plan-collection-deletion.js';

const NONE: CollectionUses = { deployments: [], limits: [], includedBy: [], excludedBy: [], settings: [] };
const plan = (name: string, all: Record<string, Partial<CollectionUses>>) =>
  planDeletion(name, (one) => Promise.resolve({ ...NONE, ...all[one] }));

describe('deleting a collection', () => {
  it('takes what it limits with it, with the deployments to that, whatever depends on it last', async () => {
    const all = {
      top: { deployments: ['d-top'], limits: ['low', 'mid'] },
      mid: { deployments: ['d-mid'], limits: ['low'], includedBy: ['low'] },
      low: { deployments: ['d-low'] },
    };
    expect(await plan('top', all)).toEqual({
      deployments: ['d-low', 'd-mid', 'd-top'],
      collections: ['low', 'mid', 'top'],
      withoutIt: [],
      settings: [],
      excludedBy: [],
    });
  });

  it('takes it out of the rules of those that stay, and says where it is excluded', async () => {
    const all = {
      top: { limits: ['low'], includedBy: ['other', 'low'], excludedBy: ['strict', 'low'] },
      low: { includedBy: ['other'], settings: ['kiosks'] },
    };
    expect(await plan('top', all)).toMatchObject({
      collections: ['low', 'top'],
      withoutIt: [{ collection: 'other', included: ['low', 'top'] }],
      settings: [{ name: 'kiosks', collections: ['low'] }],
      excludedBy: [{ by: 'strict', excluded: 'top' }],
    });
  });
});

it('a copy of a collection has its rules, is limited by it, and has nothing that its members have from it', () => {
  const rules = [{ device: 'web-1' }];
  const windows = { maintenanceWindows: [], variables: [{ name: 'Ring', value: 'pilot' }], variablesPriority: 3 };
  expect(copyOf('web', { description: 'all of them', limitingCollection: 'servers', rules, ...windows })).toEqual({
    description: 'all of them',
    limitingCollection: 'web',
    rules,
  });
});
