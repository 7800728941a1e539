import { rolloutGroups } from './rollout-groups.js';

describe('the groups of --rollout', () => {
  it('are numbers of devices, percentages, and all others', () => {
    expect(rolloutGroups('5, 2.5%,rest')).toEqual([
      { name: '1', size: 5 },
      { name: '2', percent: 2.5 },
      { name: 'rest' },
    ]);
  });

  it.each(['', '5,', 'five', '2.5', '10 %', '-1', 'rest,%'])('are refused when they are %j', (text) => {
    expect(() => rolloutGroups(text)).toThrow('is no group');
  });
});
