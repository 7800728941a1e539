import { parseLabelSelector } from './label-selector.js';

describe('a label selector', () => {
  it('is names and values, separated by commas', () => {
    expect(parseLabelSelector('team=infra, tier=web=1')).toEqual({ team: 'infra', tier: 'web=1' });
  });

  it('that is empty or missing matches everything', () => {
    expect([parseLabelSelector(''), parseLabelSelector(undefined)]).toEqual([{}, {}]);
  });

  it.each(['team', '=infra', 'a=1,b'])('is refused when it is "%s"', (selector) => {
    expect(() => parseLabelSelector(selector)).toThrow('is not a label selector');
  });
});
