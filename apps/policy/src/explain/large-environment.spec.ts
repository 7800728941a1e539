import { largeEnvironment } from './large-environment.js';

const variable = (name: string, value: string | undefined) => ({
  name,
  ...(value === undefined ? {} : { winner: { value, layer: 'device' as const } }),
  losers: [],
});

describe('the variables of a device', () => {
  it('are a reason to warn when they are more than 8 Ki characters together, with their names', () => {
    const three = ['a', 'b', 'c'].map((name) => variable(name, 'x'.repeat(2729)));
    expect(largeEnvironment(three)).toEqual([]);
    expect(largeEnvironment([...three, variable('none', undefined)])).toEqual([]);
    expect(largeEnvironment([...three, variable('de', '')])).toEqual([]);
    expect(largeEnvironment([...three, variable('def', '')])).toMatchObject([{ code: 'variable.large-environment' }]);
  });
});
