import type { BoundaryGroupSpec } from '@muster/contracts/kinds/boundary-group.js';
import { pointsOfSites } from '../groups/points-of-sites.js';
import { uniteGroups } from './boundary-group.rules.js';

const berlin: BoundaryGroupSpec = {
  description: 'as PR1 has it',
  addresses: ['10.1.0.0/16'],
  points: ['PR1/local'],
  neighbours: [{ group: 'paris', minutes: 10 }],
};

describe('groups that two sites had under one name before they shared them', () => {
  it('have the points, places and neighbours of both; what else there is, the own site says', () => {
    const other: BoundaryGroupSpec = {
      description: 'as CEN has it',
      addresses: ['10.1.0.0/16', '10.2.0.0/16'],
      sites: ['CEN'],
      points: ['CEN/local'],
      neighbours: [{ group: 'paris', minutes: 'never' }, { group: 'rome' }],
      isDefault: true,
    };
    const { unite } = pointsOfSites<BoundaryGroupSpec>('PR1');
    expect(uniteGroups(unite(berlin, other), other)).toEqual({
      description: 'as PR1 has it',
      addresses: ['10.1.0.0/16', '10.2.0.0/16'],
      sites: ['CEN'],
      points: ['PR1/local', 'CEN/local'],
      neighbours: [{ group: 'paris', minutes: 10 }, { group: 'rome' }],
    });
  });

  it('are as they were where both say the same', () => {
    expect(uniteGroups(pointsOfSites<BoundaryGroupSpec>('PR1').unite(berlin, berlin), berlin)).toEqual(berlin);
    const plain = { points: ['PR1/local'] };
    expect(uniteGroups(pointsOfSites<BoundaryGroupSpec>('PR1').unite(plain, plain), plain)).toEqual(plain);
  });
});
