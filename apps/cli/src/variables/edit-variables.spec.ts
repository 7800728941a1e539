import { withVariables, withoutVariables } from './edit-variables.js';

const hidden = { name: 'Token', hidden: true as const, setAt: '2026-11-01T00:00:00.000Z' };
const before = [{ name: 'Ring', value: 'pilot' }, hidden];

describe('setting variables', () => {
  it('replaces by name in any case, adds at the end, and leaves the others alone', () => {
    const wanted = [
      { name: 'RING', value: 'broad', hidden: false },
      { name: 'New', value: 'x', hidden: false },
    ];
    expect(withVariables(before, wanted)).toEqual([
      { name: 'RING', value: 'broad' },
      hidden,
      { name: 'New', value: 'x' },
    ]);
  });

  it('gives a hidden one a new value only as a hidden one', () => {
    expect(withVariables(before, [{ name: 'token', value: 's', hidden: true }])[1]).toEqual({
      name: 'token',
      value: 's',
      hidden: true,
    });
    expect(() => withVariables(before, [{ name: 'Token', value: 's', hidden: false }])).toThrow(
      expect.objectContaining({ code: 'cli.variable-hidden' }),
    );
  });
});

describe('unsetting variables', () => {
  it('takes out those that are there, and complains of one that is not', () => {
    expect(withoutVariables(before, ['TOKEN'])).toEqual([{ name: 'Ring', value: 'pilot' }]);
    expect(() => withoutVariables(before, ['Other'])).toThrow(
      expect.objectContaining({ code: 'cli.no-such-variable' }),
    );
  });
});
