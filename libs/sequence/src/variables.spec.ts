import * as fc from 'fast-check';
import type { VariableOperator } from './conditions/model.js';
import { evaluateVariable, matchesWildcard } from './conditions/variable-expression.js';
import { expand } from './expand.js';
import { CommandSplitError, splitCommand } from './steps/run-command-line/split-command.js';
import {
  VARIABLE_LAYERS,
  assign,
  createStore,
  exportedEnvironment,
  maskSecrets,
  readVariable,
  resolveVariable,
  toLayer,
} from './variables.js';

describe('variables', () => {
  it('lets the stronger layer win, whatever the spelling, and shows the losers', () => {
    for (const [index, winner] of VARIABLE_LAYERS.entries()) {
      const layers = Object.fromEntries(
        VARIABLE_LAYERS.slice(index).map((layer) => [layer, toLayer({ [`Name`]: layer })]),
      );
      const store = createStore(layers);
      expect(readVariable(store, 'NAME')?.value).toBe(winner);
      expect(resolveVariable(store, 'name').map((entry) => entry.layer)).toEqual(VARIABLE_LAYERS.slice(index));
    }
  });
  it('treats an empty value as not existing and as hiding weaker layers', () => {
    const store = assign(createStore({ device: toLayer({ X: '1' }) }), [{ name: 'x', value: '' }]);
    expect(readVariable(store, 'X')).toBeUndefined();
    expect(exportedEnvironment(store)).toEqual({});
  });
  it('does not mistake properties of objects for variables', () => {
    const store = createStore({});
    expect([readVariable(store, 'constructor'), readVariable(store, '__proto__')]).toEqual([undefined, undefined]);
  });
  it('exports variables to processes, secrets excluded', () => {
    const store = createStore({ device: toLayer({ 'My-Var': 'a', Pw: { value: 's', secret: true } }) });
    expect(exportedEnvironment(store)).toEqual({ TS_My_Var: 'a' });
  });
  it('masks the longest secret first and takes no secret for a pattern', () => {
    const store = createStore({
      device: toLayer({ A: { value: 'ab', secret: true }, B: { value: 'abc$&', secret: true } }),
    });
    expect(maskSecrets('x abc$& ab', store.secrets)).toBe('x ******** ********');
  });
});

describe('expansion', () => {
  const scope = {
    store: createStore({ device: toLayer({ A: 'one', Nested: '%A%', S: { value: 'pw', secret: true } }) }),
    locals: { Own: 'setting', A: 'hidden' },
    environment: { PATH: '/bin' },
  };
  it.each([
    ['%a%-%A%', 'one-one'],
    ['%Nested%', '%A%'],
    ['%path%', '/bin'],
    ['%Own%', 'setting'],
    ['100%% of %A%', '100% of one'],
    ['%%A%%', '%A%'],
    ['50% and 60%', '50% and 60%'],
    ['%nobody%', '%nobody%'],
    ['date +%Y%m%d', 'date +%Y%m%d'],
  ])('replaces %j by %j in a command line', (text, expected) => {
    expect(expand(text, scope, 'literal').text).toBe(expected);
  });
  it('puts nothing for an unknown name in other settings and says which', () => {
    expect(expand('<%nobody%>', scope, 'empty')).toEqual({ text: '<>', secret: false, undefinedNames: ['nobody'] });
  });
  it('knows when a secret went into the text', () => {
    expect([expand('%S%', scope, 'empty').secret, expand('%A%', scope, 'empty').secret]).toEqual([true, false]);
  });
});

describe('variable expressions', () => {
  const table: [VariableOperator, string | undefined, string, boolean][] = [
    ['equals', 'TRUE', 'true', true],
    ['equals', '010', '10', true],
    ['equals', '1.0', '1', false],
    ['notEquals', undefined, 'x', true],
    ['less', undefined, '5', false],
    ['lessEqual', '5', '5', true],
    ['greaterEqual', '-3', '-4', true],
    ['greater', '99999999999999999999', '99999999999999999998', true],
    ['less', 'apple', 'Banana', true],
    ['like', 'Latitude 7440', 'lat*74?0', true],
    ['like', 'Latitude', 'lat', false],
    ['notLike', 'x', '?', false],
    ['notExists', undefined, '', true],
    ['notExists', 'x', '', false],
  ];
  it.each(table)('%s: %j against %j is %s', (operator, actual, value, expected) => {
    expect(evaluateVariable({ variable: 'X', operator, value }, actual)).toBe(expected);
  });
  it('matches wildcards as a regular expression would', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 6 });
    fc.assert(
      fc.property(text, pattern, (t, p) => {
        const expression = new RegExp(`^${p.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(matchesWildcard(t, p)).toBe(expression.test(t));
      }),
    );
  });
});

describe('splitting a command line', () => {
  it.each([
    ['a  b\tc', ['a', 'b', 'c']],
    [`a 'b c' "d e"f ""`, ['a', 'b c', 'd ef', '']],
    [String.raw`a "say \"hi\"" C:\dir\x b\ c`, ['a', 'say "hi"', String.raw`C:\dir\x`, 'b c']],
    ['a | b > $HOME/*', ['a', '|', 'b', '>', '$HOME/*']],
  ])('splits %j without a shell', (line, words) => {
    expect(splitCommand(line)).toEqual(words);
  });
  it.each(['', '  ', 'a "b', `'`, '"" x'])('refuses %j', (line) => {
    expect(() => splitCommand(line)).toThrow(CommandSplitError);
  });
});
