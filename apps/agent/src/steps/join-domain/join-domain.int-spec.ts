import { readFileSync, statSync } from 'node:fs';
import type { JoinDomainSettings } from '@muster/sequence/steps/join-domain/definition.js';
import { SoftwareRun, until } from '../../../test/software-run.js';
import { stepContext } from '../../../test/step-context.js';
import { changeMembership } from './execute.js';
import { principalOf } from './realm.js';

/* A program `realm` that keeps its domains in a file and writes down how it is called stands first in PATH. */
let at: SoftwareRun;
beforeEach(() => {
  at = new SoftwareRun().putProgramsFirst();
});
afterEach(() => at.remove());

function fakeRealm(joined: string, failing = 'none'): void {
  at.write('joined', joined);
  at.write(
    'bin/realm',
    [
      '#!/bin/sh',
      `cd ${at.folder}`,
      'for word; do printf "[%s]" "$word"; done >> calls; echo >> calls',
      `[ "$1" = ${failing} ] && { echo "See: journalctl" >&2; echo "realm: Couldn't $1" >&2; exit 1; }`,
      'case "$1" in',
      '  list) cat joined;;',
      '  leave) : > joined;;',
      '  join) cat > input; for last; do :; done; echo "$last" > joined;;',
      'esac',
    ].join('\n'),
  );
}
const calls = (): string[] => at.read('calls').trim().split('\n');
const step = (settings: object): { type: string; settings: Record<string, unknown> } => ({
  type: 'JoinDomain',
  settings: {
    kind: 'domain',
    domain: 'Example.org',
    account: 'EXAMPLE\\joiner',
    password: 'pw of joiner',
    ...settings,
  },
});

describe('joining a domain', () => {
  it('hands the password over standard input and asks for a restart', async () => {
    fakeRealm('');
    const organizationalUnit = 'LDAP://OU=servers,DC=example,DC=org';
    const { end, report } = await at.step(step({ organizationalUnit }));
    expect(report).toMatchObject({ outcome: 'succeeded', exitCode: 3010, output: 'joined Example.org' });
    expect(end.result).toBe('restart-pending');
    expect(calls()).toEqual([
      '[list][--name-only]',
      '[join][--user=joiner][--computer-ou=OU=servers,DC=example,DC=org][--][Example.org]',
    ]);
    expect(at.read('input')).toBe('pw of joiner\n');
  });

  it('is told to go on without a restart', async () => {
    fakeRealm('');
    const { report } = await at.step(step({}), { OSDJoinSkipReboot: 'true' });
    expect(report).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
  });

  it('changes nothing on a computer that is a member, and does not restart it', async () => {
    fakeRealm('example.ORG\n');
    const { report } = await at.step(step({ organizationalUnit: 'OU=other' }));
    expect(report).toMatchObject({ outcome: 'succeeded', exitCode: 0, output: 'a member of Example.org already' });
    expect(calls()).toEqual(['[list][--name-only]']);
  });

  it('still asks for the restart when it is begun again after a crash that came when the work was done', async () => {
    fakeRealm('');
    const context = stepContext(at.folder);
    const settings: JoinDomainSettings = { kind: 'domain', domain: 'example.org', account: 'joiner' };
    await changeMembership(settings, context, at.path('smb.conf'));
    expect((await changeMembership(settings, context, at.path('smb.conf'))).exitCode).toBe(3010);
    const other = stepContext(at.folder);
    expect((await changeMembership(settings, other, at.path('smb.conf'))).exitCode).toBe(0);
  });

  it('leaves another domain first', async () => {
    fakeRealm('old.example\n');
    const { report } = await at.step(step({ account: undefined, password: undefined }));
    expect(report?.output).toBe('left old.example\njoined Example.org');
    expect(calls().slice(1)).toEqual(['[leave][--][old.example]', '[join][--no-password][--][Example.org]']);
  });

  it('says what realm said, that the computer is in no domain, and never the password', async () => {
    fakeRealm('old.example\n', 'join');
    at.write('bin/realm', at.read('bin/realm').replace("Couldn't $1", 'no such password: pw of joiner'));
    const { report } = await at.step(step({}));
    expect(report).toMatchObject({ outcome: 'failed', code: 'step.join-failed' });
    expect(report?.message).toBe(
      'realm join Example.org: realm: no such password: ******** (left old.example before; the computer is a member of no domain now)',
    );
  });

  it('changes nothing when it cannot be seen what the computer is a member of, or cannot leave', async () => {
    fakeRealm('', 'list');
    expect((await at.step(step({}))).report?.code).toBe('step.join-failed');
    fakeRealm('old.example', 'leave');
    expect((await at.step(step({}))).report).toMatchObject({
      code: 'step.leave-failed',
      message: expect.stringContaining('old.example'),
    });
    expect(calls().some((call) => call.startsWith('[join]'))).toBe(false);
  });

  it('says what to install where there is no realm', async () => {
    process.env['PATH'] = at.folder;
    const { report } = await at.step(step({}));
    expect(report).toMatchObject({ code: 'step.realm-missing', message: expect.stringContaining('install realmd') });
  });

  it('is for an installed system', async () => {
    const { report } = await at.step(step({}), {}, { facts: { phase: 'PE' } });
    expect(report?.code).toBe('step.join-not-in-pe');
  });

  it('ends when the run is stopped', async () => {
    fakeRealm('');
    at.write('bin/realm', '#!/bin/sh\ntouch "$(dirname "$0")/started"\nsleep 600\n');
    const stop = new AbortController();
    const running = at.step(step({}), {}, { stop: stop.signal });
    await until(() => statSync(at.path('bin/started'), { throwIfNoEntry: false }) !== undefined);
    stop.abort('enough');
    expect((await running).report?.code).toBe('step.stopped');
  });

  it('writes accounts as Kerberos knows them', () => {
    const accounts = ['EXAMPLE\\joiner', 'example.org\\joiner', 'joiner@example.org', 'joiner'];
    expect(accounts.map(principalOf)).toEqual(['joiner', 'joiner@EXAMPLE.ORG', 'joiner@example.org', 'joiner']);
  });
});

describe('joining a workgroup', () => {
  const settings: JoinDomainSettings = { kind: 'workgroup', workgroup: 'OFFICE' };
  const smbConf = '# mine\n[global]\n   server string = x\n\n[homes]\n   workgroup = not me\n';

  it('leaves the domain and sets the line of smb.conf, and nothing else of it', async () => {
    fakeRealm('old.example\n');
    const file = at.write('smb.conf', smbConf);
    const outcome = await changeMembership(settings, stepContext(at.folder), file);
    expect(outcome).toEqual({ exitCode: 3010, output: `left old.example\nworkgroup OFFICE in ${file}` });
    expect(readFileSync(file, 'utf8')).toBe(smbConf.replace('[global]\n', '[global]\n   workgroup = OFFICE\n'));
    expect(statSync(file).mode & 0o777).toBe(0o644);
    const again = await changeMembership(settings, stepContext(at.folder), file);
    expect(again).toEqual({ exitCode: 0, output: 'a member of OFFICE already' });
  });

  it('makes no smb.conf, and needs no realm', async () => {
    process.env['PATH'] = at.folder;
    const outcome = await changeMembership(settings, stepContext(at.folder), at.path('smb.conf'));
    expect(outcome.exitCode).toBe(0);
    expect(at.read('smb.conf')).toBe('');
  });
});
