import type { DistributionSpec } from '@muster/contracts/kinds/distribution.js';
import {
  mostUrgent,
  placesOf,
  readTargetKey,
  targetKey,
  targetKeys,
  withoutPlace,
  withPlace,
} from './distribution-target.js';

const SPEC: DistributionSpec = { package: 'hello', points: ['local', 'PR2/local'], groups: ['europe'] };

describe('one content at one place', () => {
  it('has a name that means the same at every site', () => {
    expect(targetKeys('PR1', SPEC)).toEqual([
      'Package/hello/PR1/local',
      'Package/hello/PR2/local',
      'Package/hello/group/europe',
    ]);
    for (const key of targetKeys('PR1', SPEC)) expect(targetKey(readTargetKey(key))).toBe(key);
  });

  it.each([
    'Package/hello',
    'Package/hello/local',
    'Package/hello/PR1/a/b',
    'Package/hello/group/A',
    'Nothing/x/PR1/y',
  ])('is none by the name %s', (key) => expect(() => readTargetKey(key)).toThrow());

  it('has the most urgent of the priorities that sites say, in whatever order they say them', () => {
    expect(mostUrgent(['low', undefined])).toBeUndefined();
    expect(mostUrgent(['low', 'medium', undefined])).toBe('medium');
    expect(mostUrgent(['low', 'high', undefined])).toBe('high');
    expect(mostUrgent(['low'])).toBe('low');
  });

  it('comes to a Distribution and goes again, in the words of its site', () => {
    const places = placesOf('PR1', SPEC);
    const none = places.reduce<DistributionSpec>((spec, place) => withoutPlace('PR2', spec, place), {
      ...SPEC,
      points: ['PR1/local', 'local'],
    });
    expect(none).toEqual({ package: 'hello' });
    expect(places.reduce<DistributionSpec>((spec, place) => withPlace('PR2', spec, place), none)).toEqual({
      package: 'hello',
      points: ['PR1/local', 'local'],
      groups: ['europe'],
    });
  });
});
