import * as fc from 'fast-check';
import type { SequenceSpec } from '../model.js';
import { validateSequence } from '../validate.js';
import { secretValues, STRIPPED_SECRET, stripSecrets, withValues } from './strip-secrets.js';

const join = (password: unknown) => ({
  step: 'Join',
  type: 'JoinDomain',
  settings: { kind: 'domain', domain: 'example.org', account: 'E\\joe', password },
});
const set = (name: string, value: string, secret?: boolean) => ({
  step: 'Set',
  type: 'SetTaskSequenceVariable',
  settings: { name, value, ...(secret === undefined ? {} : { secret }) },
});

describe('stripping secrets', () => {
  it('takes out what step types, marks and names of variables say is one, and says where it was', () => {
    const spec = {
      variables: { OSDLocalAdminPassword: 's3cret-0', Owner: 'infra' },
      steps: [
        { group: 'G', steps: [join('s3cret-1')] },
        set('Token', 's3cret-2', true),
        set('osdjoinpassword', 's3cret-3'),
        set('Plain', 'stays'),
        {
          step: 'Rules',
          type: 'SetDynamicVariables',
          settings: {
            rules: [
              {
                set: [
                  { name: 'A', value: 'stays' },
                  { name: 'B', value: 's3cret-4', secret: true },
                ],
              },
            ],
          },
        },
        { step: 'Run', type: 'RunCommandLine', settings: { command: 'x', runAs: { user: 'u', password: 's3cret-5' } } },
        {
          step: 'Theirs',
          type: 'BDD_Thing',
          settings: { AdminPassword: 's3cret-6', Nested: [{ ProductKey: 's3cret-7' }] },
        },
      ],
    } as SequenceSpec;
    const stripped = stripSecrets(spec);
    expect(stripped.secrets).toEqual([
      '/spec/variables/OSDLocalAdminPassword',
      '/spec/steps/0/steps/0/settings/password',
      '/spec/steps/1/settings/value',
      '/spec/steps/2/settings/value',
      '/spec/steps/4/settings/rules/0/set/1/value',
      '/spec/steps/5/settings/runAs/password',
      '/spec/steps/6/settings/AdminPassword',
      '/spec/steps/6/settings/Nested/0/ProductKey',
    ]);
    expect(JSON.stringify(stripped.spec)).not.toContain('s3cret');
    expect(JSON.stringify(stripped.spec).split('stays')).toHaveLength(3);
    expect(validateSequence(stripped.spec).filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('leaves a value that only names the variable which holds the secret, and an empty one', () => {
    const spec = { steps: [join('%JoinPassword%'), set('T', '', true)] } as SequenceSpec;
    expect(stripSecrets(spec)).toEqual({ spec, secrets: [] });
  });

  it('gives the same again when it is done twice, and everything back when the secrets are put in their places', () => {
    const nodes = fc.oneof(
      fc.string({ minLength: 1 }).map(join),
      fc.tuple(fc.constantFrom('A', 'OSDJoinPassword'), fc.string(), fc.boolean()).map((given) => set(...given)),
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            nodes,
            fc.array(nodes, { maxLength: 3 }).map((steps) => ({ group: 'G', steps })),
          ),
        ),
        (steps) => {
          const spec = { steps } as SequenceSpec;
          const stripped = stripSecrets(spec);
          expect(stripSecrets(stripped.spec)).toEqual(stripped);
          const before = secretValues(spec);
          expect(withValues(stripped.spec, new Map(stripped.secrets.map((at) => [at, before.get(at)])))).toEqual(spec);
        },
      ),
    );
  });

  it('puts nothing where there is no such place', () => {
    const spec = { steps: [join('x')] } as SequenceSpec;
    const values = new Map([
      ['/spec/steps/7/settings/password', 'y'],
      ['/spec/steps/__proto__/password', 'y'],
    ]);
    expect(withValues(spec, values)).toEqual(spec);
    expect(STRIPPED_SECRET).toMatch(/^%\w+%$/);
  });
});
