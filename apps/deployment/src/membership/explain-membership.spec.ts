import { FACT_NOT_TOLD } from '@muster/sequence/conditions/facts-query.js';
import { explainMembership } from './explain-membership.js';

const answers = {
  yes: new Set(['os.id == "debian"']),
  unknown: new Map([
    ['has(domain) && domain == "x"', FACT_NOT_TOLD],
    ['memoryMegabytes / 0 == 1', 'int divide by zero'],
  ]),
};
const explain = (spec: Parameters<typeof explainMembership>[1], ...memberOf: string[]) =>
  explainMembership('servers', spec, { name: 'web-1' }, new Set(memberOf), answers);

describe('why a device is in a collection', () => {
  it.each([
    [{ rules: [] }, [], false, 'no rule lets it in'],
    [{ rules: [{ device: 'web-2' }] }, [], false, 'no rule lets it in'],
    [{ rules: [{ device: 'web-1' }] }, [], true, '/spec/rules/0 lets it in: it is named'],
    [{ rules: [{ include: 'a' }, { include: 'b' }] }, ['b'], true, '/spec/rules/1 lets it in: it is a member of "b"'],
    [{ rules: [{ query: 'os.id == "debian"' }] }, [], true, '/spec/rules/0 lets it in: its facts are so'],
    [{ rules: [{ query: 'os.id == "fedora"' }] }, [], false, 'no rule lets it in'],
    [
      { rules: [{ query: 'os.id == "fedora"' }, { query: 'has(domain) && domain == "x"' }] },
      [],
      false,
      'no rule lets it in; it has not told what /spec/rules/1 asks',
    ],
    [
      { rules: [{ query: 'memoryMegabytes / 0 == 1' }, { query: 'has(domain) && domain == "x"' }] },
      [],
      false,
      'no rule lets it in; it has not told what /spec/rules/1 asks; /spec/rules/0 has no answer for it: int divide by zero',
    ],
    [{ rules: [{ allDevices: true }] }, [], true, '/spec/rules/0 lets it in: all devices are members'],
    [
      { rules: [{ device: 'web-1' }, { exclude: 'x' }] },
      ['x'],
      false,
      '/spec/rules/1 keeps out the members of "x", and it is one',
    ],
    [{ rules: [{ device: 'web-1' }, { exclude: 'x' }] }, [], true, '/spec/rules/0 lets it in: it is named'],
    [{ limitingCollection: 'l', rules: [{ device: 'web-1' }] }, [], false, 'it is not in the limiting collection "l"'],
    [{ limitingCollection: 'l', rules: [{ exclude: 'x' }] }, ['l', 'x'], false, 'no rule lets it in'],
  ] as const)('%j with membership in %j: %s, because %s', (spec, memberOf, member, reason) => {
    expect(explain({ ...spec, rules: [...spec.rules] }, ...memberOf)).toMatchObject({ member, reason });
  });

  it.each([
    [{ unknownComputers: 'all' }, true, '/spec/rules/0 lets it in: it is an unknown computer'],
    [{ unknownComputers: 'x64' }, true, '/spec/rules/0 lets it in: it is an unknown computer with x64'],
    [{ unknownComputers: 'arm64' }, false, 'no rule lets it in: it is an unknown computer, and none is for those'],
    [{ allDevices: true }, false, 'no rule lets it in: it is an unknown computer, and none is for those'],
    [{ device: 'web-1' }, false, 'no rule lets it in: it is an unknown computer, and none is for those'],
    [{ query: 'os.id == "debian"' }, false, 'no rule lets it in: it is an unknown computer, and none is for those'],
    [{ include: 'a' }, true, '/spec/rules/0 lets it in: it is a member of "a"'],
  ] as const)('an unknown computer with x64 and %j: %s, because %s', (rule, member, reason) => {
    const device = { name: 'web-1', unknown: { architecture: 'x64' } };
    expect(explainMembership('servers', { rules: [rule] }, device, new Set(['a']), answers)).toMatchObject({
      member,
      reason,
    });
  });

  it('unknown computers are not what a known device is', () => {
    expect(explain({ rules: [{ unknownComputers: 'all' }] })).toMatchObject({ member: false });
  });

  it('lists the rules that speak of it first, and leaves out the names of other devices', () => {
    const rules = [{ device: 'web-2' }, { include: 'a' }, { exclude: 'x' }, { device: 'web-1' }];
    expect(explain({ limitingCollection: 'l', rules }, 'l', 'x')).toEqual({
      collection: 'servers',
      device: 'web-1',
      member: false,
      reason: '/spec/rules/2 keeps out the members of "x", and it is one',
      limitingCollection: { name: 'l', member: true },
      rules: [
        { path: '/spec/rules/2', rule: { exclude: 'x' }, matches: true },
        { path: '/spec/rules/3', rule: { device: 'web-1' }, matches: true },
        { path: '/spec/rules/1', rule: { include: 'a' }, matches: false },
      ],
    });
  });
});
