import { readdirSync, statSync } from 'node:fs';
import { SoftwareRun } from '../../../test/software-run.js';
import { findMarked } from '../process-tree.js';
import { interpreterCommand, scriptText } from './interpreter.js';

let at: SoftwareRun;
beforeEach(() => {
  at = new SoftwareRun();
});
afterEach(() => at.remove());

const step = (settings: object): { type: string; settings: Record<string, unknown> } => ({
  type: 'RunScript',
  settings: { outputVariable: 'Out', ...settings },
});
const left = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith('muster-'));

describe('Run Script', () => {
  it('runs an inline script from a file for this user only, which is gone afterwards', async () => {
    const script = 'set -e\nstat -c %a "$0" "$(dirname "$0")"\necho "$1|$2"\n';
    const result = await at.step(step({ script, arguments: ['a b', '%Name%'] }), { Name: "it's" });
    expect(result.report?.outcome).toBe('succeeded');
    expect(result.variable('Out')).toBe("700\n700\na b|it's");
    expect(left(result.work)).toEqual([]);
  });

  it('removes what an agent that was killed left', async () => {
    at.write('runs/1/work/muster-script-old/script.sh', 'x');
    const result = await at.step(step({ script: 'true' }));
    expect(left(result.work)).toEqual([]);
  });

  it('leaves %NAME% in the script alone unless it is told to replace it', async () => {
    const script = 'echo "%Name% $TS_Name 100%%"';
    const plain = await at.step(step({ script }), { Name: 'Ann' });
    expect(plain.variable('Out')).toBe('%Name% Ann 100%%');
    const replaced = await at.step(step({ script, expandScript: true }), { Name: 'Ann' });
    expect(replaced.variable('Out')).toBe('Ann Ann 100%');
  });

  it('takes carriage returns out of shell scripts', async () => {
    const result = await at.step(step({ script: 'if true\r\nthen\r\necho yes\r\nfi\r\n', interpreter: 'bash' }));
    expect(result.variable('Out')).toBe('yes');
  });

  it('runs the file of a package with the interpreter of its suffix, inside the package', async () => {
    at.write(
      'packages/tools/win/show.py',
      'import sys\nprint(sys.version_info.major, sys.argv[1:], open("data").read())',
    );
    at.write('packages/tools/data', 'here');
    const settings = { package: 'tools', file: 'win\\show.py', arguments: "-A 'b c'" };
    const result = await at.step(step(settings));
    expect(result.report?.output).toBe("3 ['-A', 'b c'] here");
  });

  it('splits a line of arguments that is in a variable', async () => {
    const script = 'for word; do echo "<$word>"; done';
    const result = await at.step(step({ script, arguments: '%All%' }), { All: '-Password "x y" -Force' });
    expect(result.variable('Out')).toBe('<-Password>\n<x y>\n<-Force>');
    const { report } = await at.step(step({ script, arguments: '%All%' }), { All: 'an "open quote' });
    expect(report?.code).toBe('step.invalid-settings');
  });

  it('hands exit codes on, 3010 among them', async () => {
    const { report } = await at.step(step({ script: 'exit 7' }));
    expect(report).toMatchObject({ outcome: 'failed', exitCode: 7 });
    const { end } = await at.step(step({ script: 'exit 194' }));
    expect(end.result).toBe('restart-pending');
  });

  it('says which interpreter is missing and what to install', async () => {
    const environment = { PATH: at.folder };
    for (const [interpreter, word] of [
      ['pwsh', 'PowerShell'],
      ['python3', 'python3'],
      ['cmd', 'only Windows'],
    ]) {
      const { report } = await at.step(step({ script: 'x', interpreter, environment }));
      expect(report).toMatchObject({
        code: 'step.interpreter-missing',
        exitCode: 127,
        message: expect.stringContaining(word ?? ''),
      });
    }
  });

  it('starts PowerShell without profile and questions, with the script as a file', async () => {
    at.write('bin/pwsh', '#!/bin/sh\necho "$*" | sed "s# /[^ ]*/# #"; cat "$5"');
    const settings = {
      script: 'Write-Host hi',
      interpreter: 'pwsh',
      arguments: ['-A', '1'],
      executionPolicy: 'Bypass',
    };
    const result = await at.step(step({ ...settings, environment: { PATH: `${at.path('bin')}:/usr/bin:/bin` } }));
    expect(result.variable('Out')).toBe('-NoLogo -NoProfile -NonInteractive -File script.ps1 -A 1\nWrite-Host hi');
  });

  it('says that the package has no such file', async () => {
    at.write('packages/tools/a.sh', '');
    for (const file of ['b.sh', '%Up%'])
      expect((await at.step(step({ package: 'tools', file }), { Up: '../../x' })).report?.code).toMatch(
        /^step\.(script-not-found|invalid-settings)$/,
      );
    const { report } = await at.step(step({ package: 'none', file: 'a.sh' }));
    expect(report?.code).toBe('content.package-not-found');
  });

  it('kills a script that takes too long, and removes its file', async () => {
    const result = await at.step({ ...step({ script: 'sleep 600' }), timeoutSeconds: 1 });
    expect(result.report).toMatchObject({ code: 'step.timeout', exitCode: 124 });
    expect(left(result.work)).toEqual([]);
    expect(findMarked(`run-${process.pid}-1:0`)).toEqual([]);
  });
});

(process.geteuid?.() === 0 ? describe : describe.skip)('Run Script as another user', () => {
  it('hands the inline script to that user and nobody else', async () => {
    const script = 'id -un; stat -c "%U %a" "$0"; stat -c "%U %a" "$(dirname "$0")"; echo "$0"';
    const result = await at.step(step({ script, runAs: { user: 'nobody' } }));
    const [user, file, folder, path = ''] = result.variable('Out')?.split('\n') ?? [];
    expect([user, file, folder]).toEqual(['nobody', 'nobody 700', 'root 711']);
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('runs the script of a package', async () => {
    at.write('packages/tools/sub/who.sh', 'id -un; cat data');
    at.write('packages/tools/data', 'here');
    const settings = { package: 'tools', file: 'sub/who.sh', runAs: { user: 'nobody' } };
    expect((await at.step(step(settings))).variable('Out')).toBe('nobody\nhere');
  });

  it('follows the variables of Run PowerShell Script', async () => {
    const variables = { SMSTSRunPowerShellAsUser: 'true', SMSTSRunPowerShellUserName: 'nobody' };
    expect((await at.step(step({ script: 'id -un' }), variables)).variable('Out')).toBe('nobody');
  });
});

describe('the command of an interpreter', () => {
  const call = { file: 'C:\\x.ps1', arguments: ['-A'], executionPolicy: 'AllSigned' };
  it('is that of Windows there, with the execution policy', () => {
    const words = [
      '-NoLogo',
      '-NoProfile',
      '-NonInteractive',
      '-ExecutionPolicy',
      'AllSigned',
      '-File',
      'C:\\x.ps1',
      '-A',
    ];
    const pwsh = { ...call, interpreter: 'pwsh' } as const;
    expect(interpreterCommand(pwsh, 'win32')).toEqual({ command: 'pwsh.exe', arguments: words });
    expect(interpreterCommand(pwsh, 'win32', () => false)).toEqual({ command: 'powershell.exe', arguments: words });
    const undefinedPolicy = { ...pwsh, executionPolicy: 'Undefined' };
    expect(interpreterCommand(undefinedPolicy, 'win32').arguments).not.toContain('-ExecutionPolicy');
    expect(interpreterCommand({ ...call, interpreter: 'cmd' }, 'win32')).toEqual({
      command: 'cmd.exe',
      arguments: ['/d', '/c', 'C:\\x.ps1', '-A'],
    });
  });
  it('gets a script that Windows PowerShell reads as Unicode', () => {
    expect(scriptText('é', 'pwsh', 'win32')).toBe('\uFEFFé');
    expect(scriptText('é', 'pwsh', 'linux')).toBe('é');
  });
});
