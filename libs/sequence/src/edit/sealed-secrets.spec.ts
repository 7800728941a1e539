import type { SequenceSpec } from '../model.js';
import { STEP_DEFINITIONS } from '../steps/registry.js';
import { newSealedName, sealedReference, sealedSecretName, sealedSecretNames } from './sealed-reference.js';
import { misplacedSecrets, openSecrets, sealedPlaces } from './sealed-secrets.js';
import { advance } from '../advance.js';
import { expand } from '../expand.js';
import { createStore, readVariable, toLayer } from '../variables.js';
import { stripSecrets } from './strip-secrets.js';

const name = newSealedName('abcdefgh-_ABCDEF');
const reference = sealedReference(name);
const join = (password: unknown) => ({
  step: 'Join',
  type: 'JoinDomain',
  settings: { kind: 'domain', domain: 'example.org', account: 'E\\joe', password },
});
const place = '/spec/steps/0/settings/password';

describe('a reference to a sealed secret', () => {
  it('is told from every other value', () => {
    expect(sealedSecretName(reference)).toBe(name);
    for (const other of [`x${reference}`, '%Password%', '%_Secret-short%', 5, undefined])
      expect(sealedSecretName(other)).toBeUndefined();
  });

  it('is found by its place, and anywhere', () => {
    const spec: SequenceSpec = { steps: [join(reference)] };
    expect(sealedPlaces(spec)).toEqual(new Map([[place, name]]));
    expect(sealedSecretNames(spec)).toEqual([name]);
    expect(misplacedSecrets(spec)).toEqual([]);
  });

  it('is misplaced where a step could show it', () => {
    const shows = { step: 'Show', type: 'RunCommandLine', settings: { command: `echo ${reference}` } };
    expect(misplacedSecrets({ steps: [join(reference), shows] })).toEqual([name]);
  });

  it('leaves with an export as any secret does', () => {
    const { spec, secrets } = stripSecrets({ steps: [join(reference)] });
    expect(secrets).toEqual([place]);
    expect(JSON.stringify(spec)).not.toContain('_Secret-');
  });

  it('fits into every secret setting of every step type', () => {
    for (const definition of STEP_DEFINITIONS) {
      for (const setting of definition.secretSettings ?? []) {
        const [first = '', inner] = setting.split('.');
        const settings = inner === undefined ? { [first]: reference } : { [first]: { user: 'u', [inner]: reference } };
        const result = definition.settingsSchema.safeParse(settings);
        const about = result.error?.issues.filter(({ path }) => path.join('.') === setting) ?? [];
        expect([definition.type, setting, about]).toEqual([definition.type, setting, []]);
      }
    }
  });
});

describe('secrets that stand in a sequence as they are', () => {
  it('are texts and numbers at secret places, not what names a variable', () => {
    const spec = (password: unknown): SequenceSpec => ({ steps: [join(password)] });
    expect(openSecrets(spec('geheim'))).toEqual(new Map([[place, 'geheim']]));
    expect(openSecrets(spec(12345))).toEqual(new Map([[place, '12345']]));
    for (const none of ['%Password%', reference, '%StrippedSecret%', '']) expect(openSecrets(spec(none)).size).toBe(0);
  });

  it('are variables of the sequence with the name of a password, too', () => {
    const spec: SequenceSpec = { variables: { OSDJoinPassword: 'geheim', Ring: 'pilot' }, steps: [] };
    expect(openSecrets(spec)).toEqual(new Map([['/spec/variables/OSDJoinPassword', 'geheim']]));
  });
});

describe('a secret that was sealed', () => {
  const scope = (value: string) => ({
    store: createStore({ readOnly: toLayer({ [name]: { value, secret: true } }), device: toLayer({ User: 'joe' }) }),
  });

  it('is replaced by what the author wrote in its place, as if it still stood there', () => {
    for (const written of ['geheim', '100%%', '%User%-secret', 'a%']) {
      const before = expand(written, scope(''), 'empty').text;
      expect(expand(reference, scope(written), 'empty')).toEqual({ text: before, secret: true, undefinedNames: [] });
    }
  });

  it('fails its step where nobody has it: an empty password would be another one', () => {
    const keep = {
      step: 'Keep',
      type: 'SetTaskSequenceVariable',
      settings: { name: 'P', value: reference, secret: true },
    };
    const { effects } = advance(
      undefined,
      {
        type: 'run-started',
        runId: '1',
        sequence: { name: 'demo', spec: { steps: [keep] } },
        variables: {},
        facts: { phase: 'FullOS' },
      },
      'now',
    );
    expect(effects.at(-1)).toMatchObject({ kind: 'finished', result: 'failed', code: 'step.secret-missing' });
  });

  it('is replaced in variables of the sequence as well, which nothing expands', () => {
    const { run } = advance(
      undefined,
      {
        type: 'run-started',
        runId: '1',
        sequence: { name: 'demo', spec: { variables: { OSDJoinPassword: reference }, steps: [] } },
        variables: { secrets: { [name]: 'geheim' } },
        facts: { phase: 'FullOS' },
      },
      'now',
    );
    expect(readVariable(run.variables, 'OSDJoinPassword')).toMatchObject({ value: 'geheim', secret: true });
    expect(run.variables.secrets).toContain('geheim');
  });
});
