import { findingsOf } from '../../../test/step-types.js';
import { prepared } from '../../../test/prepared-step.js';

const type = 'JoinDomain';
const good = { kind: 'domain', domain: 'example.org', account: 'EXAMPLE\\joiner', password: 'pw-of-joiner' };
const paths = (settings: Record<string, unknown>): string[] => findingsOf(type, settings).map(([path]) => path);

describe('the settings of JoinDomain', () => {
  it('accept a domain, a workgroup, and the codes that variables hold', () => {
    expect(paths({ ...good, organizationalUnit: 'LDAP://OU=servers,DC=example,DC=org', skipRestart: 'true' })).toEqual(
      [],
    );
    expect(paths({ kind: '1', workgroup: 'OFFICE 2' })).toEqual([]);
    expect(paths({ kind: '%Kind%', domain: '%Domain%' })).toEqual([]);
  });

  it.each([
    [{}, ['kind']],
    [{ kind: 'domain' }, ['domain']],
    [{ kind: 'workgroup' }, ['workgroup']],
    [{ ...good, domain: '--help' }, ['domain']],
    [{ ...good, domain: 'two words' }, ['domain']],
    [{ kind: 'workgroup', workgroup: 'W'.repeat(33) }, ['workgroup']],
    [{ kind: 'workgroup', workgroup: 'A\nB' }, ['workgroup']],
    [{ ...good, password: 'a\nb' }, ['password']],
    [{ ...good, skipRestart: 'later' }, ['skipRestart']],
  ])('say what is wrong with %j', (settings, expected) => {
    expect(paths(settings)).toEqual(expected);
  });

  it('keep the password secret, and are overridden by variables', () => {
    const variables = { OSDJoinDomainName: 'other.example', OSDJoinSkipReboot: 'TRUE' };
    const { secrets, settings } = prepared(type, good, variables);
    expect(secrets).toContain('pw-of-joiner');
    expect(settings).toMatchObject({ domain: 'other.example', skipRestart: true });
  });
});
