import { findingsOf, referencesOf } from '../../../test/step-types.js';
import { prepared } from '../../../test/prepared-step.js';
import { interpreterOf } from './definition.js';

const type = 'RunScript';
const fields = (settings: Record<string, unknown>): string[] => findingsOf(type, settings).map(([path]) => path);

describe('the settings of RunScript', () => {
  it('are a script, or a file of a package', () => {
    expect(fields({ script: 'echo hi', arguments: ['a', '%B%'], expandScript: 'true', runAs: { user: 'u' } })).toEqual(
      [],
    );
    expect(fields({ package: 'tools', file: 'win\\setup.ps1', arguments: '-A 1', executionPolicy: 'Bypass' })).toEqual(
      [],
    );
    expect(referencesOf(type, { package: 'tools', file: 'a.sh' })).toEqual([{ kind: 'Package', name: 'tools' }]);
    expect(referencesOf(type, { script: 'x' })).toEqual([]);
  });

  it.each([
    [{}, ['script']],
    [{ script: 'a', package: 'p', file: 'f' }, ['package']],
    [{ package: 'p' }, ['file']],
    [{ script: 'a', file: 'f' }, ['package']],
    [{ package: 'p', file: '../etc/passwd' }, ['file']],
    [{ package: 'p', file: '/etc/passwd' }, ['file']],
    [{ package: 'p', file: 'C:\\x.ps1' }, ['file']],
    [{ script: 'a', interpreter: 'perl' }, ['interpreter']],
    [{ script: 'a', executionPolicy: 'None' }, ['executionPolicy']],
    [{ script: 'a', arguments: "-A 'x" }, ['arguments']],
  ])('say what is wrong with %j', (settings, paths) => {
    expect(fields(settings)).toEqual(paths);
  });

  it('keep the text of the script as it is, and replace variables in arguments', () => {
    const script = 'date +%d%m%Y; echo %Name%';
    const { settings } = prepared(type, { script, arguments: ['%Name%', '%Unknown%'] }, { Name: 'a b' });
    expect(settings).toEqual({ script, arguments: ['a b', '%Unknown%'] });
  });

  it('split arguments before variables are replaced, and a lone variable after', () => {
    const variables = { Path: 'C:\\a b', All: '-Password "x y" -Force' };
    expect(prepared(type, { script: 'x', arguments: "-Path %Path% -Text 'c d'" }, variables).settings).toMatchObject({
      arguments: ['-Path', 'C:\\a b', '-Text', 'c d'],
    });
    expect(prepared(type, { script: 'x', arguments: '%All%' }, variables).settings).toMatchObject({
      arguments: '-Password "x y" -Force',
    });
  });

  it('are overridden by the variables of Run PowerShell Script', () => {
    const variables = { OSDRunPowerShellScriptParameters: '-Verbose', OSDRunPowerShellScriptOutputVariableName: 'Out' };
    expect(prepared(type, { script: 'x', arguments: ['a'] }, variables).settings).toEqual({
      script: 'x',
      arguments: '-Verbose',
      outputVariable: 'Out',
    });
  });

  it('name the interpreter by the suffix of the file', () => {
    const files = ['a.sh', 'b/c.BASH', 'd.Ps1', 'e.py', 'f.cmd', 'g.bat', 'h.txt', 'i', 'x.constructor', undefined];
    expect(files.map(interpreterOf)).toEqual(['sh', 'bash', 'pwsh', 'python3', 'cmd', 'cmd', 'sh', 'sh', 'sh', 'sh']);
  });
});
