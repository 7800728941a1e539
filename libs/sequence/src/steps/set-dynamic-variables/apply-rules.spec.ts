import * as fc from 'fast-check';
import { expand } from '../../expand.js';
import { assign, createStore, readVariable, toLayer } from '../../variables.js';
import type { VariableInput, VariableStore } from '../../variables.js';
import { findingsOf } from '../../../test/step-types.js';
import { prepared } from '../../../test/prepared-step.js';
import { type ComputerFacts, type RulesApplied, applyRules } from './apply-rules.js';
import type { DynamicRule, RuleTest } from './rules.js';

const type = 'SetDynamicVariables';

const facts: ComputerFacts = {
  make: 'VMware, Inc.',
  model: 'VMware7,1',
  serialNumber: 'SN-1',
  assetTag: 'A 7',
  uuid: '4c4c4544-0035-3010-8051-b2c04f4e3632',
  macAddresses: ['52:54:00:12:34:56', '02:00:00:00:00:01'],
  ipAddresses: ['192.0.2.2'],
  defaultGateways: ['192.0.2.1', 'fd00::1'],
};

/** Applies rules to a store as the engine has it. */
function apply(
  rules: DynamicRule[],
  device: VariableInput = {},
  known: ComputerFacts = facts,
): RulesApplied & { store: VariableStore } {
  let store = createStore({ device: toLayer(device) });
  const result = applyRules(rules, known, {
    read: (name) => readVariable(store, name),
    expand: (text) => expand(text, { store }, 'empty'),
    set: (name, value, secret) => {
      store = assign(store, [{ name, value, ...(secret ? { secret } : {}) }]);
    },
  });
  return { ...result, store };
}
const set = (name: string, value: string): DynamicRule['set'] => [{ name, value }];
const holds = (when: RuleTest, device: VariableInput = {}, known = facts): boolean =>
  apply([{ when, set: set('Hit', '1') }], device, known).applied === 1;

describe('rules of Set Dynamic Variables', () => {
  it('apply in order: a later one overrides, and sees what was set before it', () => {
    const { store, applied, assignments, undefinedNames } = apply([
      { set: [...set('A', '1'), ...set('B', '%A%-%a%')] },
      { when: { variable: 'b', operator: 'equals', value: '%A%-1' }, set: set('A', '%A%2') },
      { when: { variable: 'A', operator: 'equals', value: '1' }, set: set('A', 'never') },
      { set: set('Name%A%', '%Nobody%x') },
    ]);
    expect([applied, assignments, undefinedNames]).toEqual([3, 4, ['Nobody']]);
    expect(['A', 'B', 'Name12'].map((name) => readVariable(store, name)?.value)).toEqual(['12', '1-1', 'x']);
  });

  it('make a secret out of what is marked, and of what a secret went into', () => {
    const rules = [{ set: [{ name: 'A', value: 'x', secret: true }, ...set('B', '%Pw%!'), ...set('C', 'y')] }];
    const { store } = apply(rules, { Pw: { value: 'pw', secret: true } });
    expect(['A', 'B', 'C'].map((name) => readVariable(store, name)?.secret === true)).toEqual([true, true, false]);
  });

  it.each<[RuleTest['computer'], boolean]>([
    [{ assetTag: 'a 7' }, true],
    [{ serialNumber: 'sn-1' }, true],
    [{ uuid: '{4C4C4544-0035-3010-8051-B2C04F4E3632}' }, true],
    [{ macAddress: '02-00-00-00-00-01' }, true],
    [{ macAddress: '5254.0012.3456' }, true],
    [{ macAddress: '525400123456' }, true],
    [{ macAddress: '52:54:00:12:34:57' }, false],
    [{ assetTag: 'other', serialNumber: 'SN-1' }, true],
    [{ assetTag: 'SN-1', serialNumber: 'A 7' }, false],
    [{ assetTag: '%Nobody%' }, false],
    [{ assetTag: '%Tag%' }, true],
  ])('take any value of a computer: %j', (computer, outcome) => {
    expect(holds({ computer }, { Tag: 'A 7' })).toBe(outcome);
  });

  it.each([
    ['*', '*', true],
    ['VMware*', 'vmware?,?', true],
    ['*', '*VirtualBox*', false],
    ['Dell*', '*', false],
    ['%Maker%', '*', true],
  ])('match maker %s and model %s together', (make, model, outcome) => {
    expect(holds({ makeModel: { make, model } }, { Maker: 'vmware, inc.' })).toBe(outcome);
  });

  it('know no computer that says nothing of itself, except where everything fits', () => {
    const nothing = { macAddresses: [], ipAddresses: [], defaultGateways: [] };
    const computer = { assetTag: 'a', uuid: 'u', serialNumber: 's', macAddress: 'm' };
    expect(holds({ computer }, {}, nothing)).toBe(false);
    expect(holds({ location: { defaultGateway: '192.0.2.1' } }, {}, nothing)).toBe(false);
    expect(holds({ makeModel: { make: '?*', model: '*' } }, {}, nothing)).toBe(false);
    expect(holds({ makeModel: { make: '*', model: '*' } }, {}, nothing)).toBe(true);
  });

  it('compare the default gateway', () => {
    expect(holds({ location: { defaultGateway: 'FD00::1' } })).toBe(true);
    expect(holds({ location: { defaultGateway: '192.0.2.254' } })).toBe(false);
  });

  it('give the last unconditional value of each name, whatever the order of names', () => {
    const entry = fc.tuple(fc.constantFrom('A', 'B', 'C'), fc.stringMatching(/^[a-z]{1,3}$/));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
        const { store } = apply(entries.map(([name, value]) => ({ set: set(name, value) })));
        for (const name of ['A', 'B', 'C'])
          expect(readVariable(store, name)?.value).toBe(entries.findLast(([other]) => other === name)?.[1]);
      }),
    );
  });

  it('find a MAC address however it is written', () => {
    const bytes = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 6, maxLength: 6 });
    const separators = fc.constantFrom(':', '-', '', '.', ' ');
    fc.assert(
      fc.property(bytes, separators, separators, fc.boolean(), (address, one, other, upper) => {
        const hex = address.map((byte) => byte.toString(16).padStart(2, '0'));
        const written = hex.join(one);
        const macAddress = upper ? written.toUpperCase() : written;
        expect(holds({ computer: { macAddress } }, {}, { ...facts, macAddresses: [hex.join(other)] })).toBe(true);
      }),
    );
  });

  it('apply a rule exactly when its test holds, and leave everything else alone', () => {
    const value = fc.constantFrom('', '1', '2', 'x');
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value)), value, (pairs, start) => {
        let expected = start;
        let applied = 0;
        for (const [wanted, next] of pairs) {
          if (wanted !== expected) continue;
          expected = next;
          applied++;
        }
        const rules = pairs.map(([wanted, next]) => ({
          when: { variable: 'S', operator: 'equals' as const, value: wanted },
          set: set('S', next),
        }));
        const result = apply(rules, { S: start, Other: 'kept' });
        expect([readVariable(result.store, 'S')?.value ?? '', result.applied]).toEqual([expected, applied]);
        expect(readVariable(result.store, 'Other')?.value).toBe('kept');
      }),
    );
  });
});

describe('the settings of SetDynamicVariables', () => {
  const rule = (when: unknown, more: Record<string, unknown> = {}): Record<string, unknown> => ({
    rules: [{ when, set: [{ name: 'A', value: '1' }], ...more }],
  });

  it('accept every kind of rule, and none', () => {
    for (const when of [
      undefined,
      { computer: { macAddress: '525400123456' } },
      { location: { defaultGateway: '192.0.2.1' } },
      { makeModel: { make: '*', model: '' } },
      { variable: '_SMSTSLastActionRetCode', operator: 'notEquals', value: '0' },
      { variable: 'X', operator: 'exists' },
    ])
      expect(findingsOf(type, rule(when))).toEqual([]);
    expect(findingsOf(type, {})).toEqual([]);
  });

  it('reach the executor as they were written', () => {
    const settings = { rules: [{ set: [{ name: 'A', value: '%A%2' }] }] };
    expect(prepared(type, settings, { A: '1' }).settings).toEqual(settings);
  });

  it.each<[Record<string, unknown>, string, string]>([
    [rule({}), 'rules/0/when', 'sequence.invalid-value'],
    [rule({ computer: {} }), 'rules/0/when/computer', 'sequence.invalid-value'],
    [
      rule({ location: { defaultGateway: 'x' }, variable: 'X', operator: 'exists' }),
      'rules/0/when',
      'sequence.invalid-value',
    ],
    [rule({ makeModel: { make: '*' } }), 'rules/0/when/makeModel/model', 'sequence.missing-field'],
    [rule({ variable: 'X' }), 'rules/0/when/operator', 'sequence.missing-field'],
    [rule({ location: { defaultGateway: 'x' }, value: '1' }), 'rules/0/when/value', 'sequence.invalid-value'],
    [rule({ variable: 'X', operator: 'is', value: '1' }), 'rules/0/when/operator', 'sequence.invalid-value'],
    [rule(undefined, { set: [] }), 'rules/0/set', 'sequence.out-of-range'],
    [rule(undefined, { set: [{ name: '_Own', value: '' }] }), 'rules/0/set/0/name', 'variable.read-only'],
    [
      rule(undefined, { set: [{ name: 'A', value: 'x'.repeat(4001) }] }),
      'rules/0/set/0/value',
      'variable.value-too-long',
    ],
    [rule(undefined, { set: [{ name: 'A' }] }), 'rules/0/set/0/value', 'sequence.missing-field'],
  ])('say what is wrong with %j', (settings, path, code) => {
    expect(findingsOf(type, settings).map(([at, what]) => [at, what])).toEqual([[path, code]]);
  });
});
