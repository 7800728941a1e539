import type { WorldExpressionOf } from '@muster/sequence/conditions/model.js';
import type { ProgramOutput, System } from '../../facts/system.js';
import { probeOsLanguage } from '../os-language.js';
import { probeSoftware } from '../software.js';
import { readAnswer } from './powershell.js';
import { parseRegQuery, probeRegistry } from './registry.js';
import { probeWmi } from './wmi.js';

/** A Windows whose programs say one thing. Its output is as Microsoft documents it: none of this ran on a real Windows. */
function windows(said: Partial<ProgramOutput> | undefined, asked: unknown[] = []): System {
  return {
    platform: 'win32',
    architecture: 'x64',
    environment: {},
    read: () => {
      throw new Error('ENOENT');
    },
    run: (program, args, environment) => {
      asked.push({ program, args, environment });
      return Promise.resolve(said && { exitCode: 0, standardOutput: '', standardError: '', ...said });
    },
  };
}
const linux: System = { ...windows(undefined), platform: 'linux' };

const key = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Example';
const printed = (...lines: string[]): string => ['', key, ...lines.map((line) => `    ${line}`), '', ''].join('\r\n');

describe('what reg query prints', () => {
  it.each([
    ['ProductName', 'ProductName    REG_SZ    Windows 11 Pro', 'REG_SZ', 'Windows 11 Pro'],
    ['productname', 'ProductName    REG_SZ    x    y', 'REG_SZ', 'x    y'],
    ['A    B', 'A    B    REG_SZ    x', 'REG_SZ', 'x'],
    ['Number', 'Number    REG_DWORD    0x1e', 'REG_DWORD', '30'],
    ['Big', 'Big    REG_QWORD    0xffffffffffffffff', 'REG_QWORD', '18446744073709551615'],
    ['Path', 'Path    REG_EXPAND_SZ    %SystemRoot%\\x', 'REG_EXPAND_SZ', '%SystemRoot%\\x'],
    ['List', 'List    REG_MULTI_SZ    a\\0b', 'REG_MULTI_SZ', 'a,b'],
    ['Bytes', 'Bytes    REG_BINARY    00FF', 'REG_BINARY', '00FF'],
    ['Empty', 'Empty    REG_SZ    ', 'REG_SZ', ''],
    ['Nothing', 'Nothing    REG_NONE', 'REG_NONE', ''],
    ['', '(Default)    REG_SZ    x', 'REG_SZ', 'x'],
    ['', '(Standard)    REG_DWORD    0x0', 'REG_DWORD', '0'],
  ])('of the value "%s" is read: %s', (name, line, type, data) => {
    expect(parseRegQuery(printed(line), name)).toEqual({ type, data });
  });

  it('has no value when another was asked for, or the default is not set', () => {
    expect(parseRegQuery(printed('Other    REG_SZ    x'), 'Name')).toBeUndefined();
    expect(parseRegQuery(printed('(Default)    REG_SZ    (value not set)'), undefined)).toBeUndefined();
    expect(parseRegQuery('', 'x')).toBeUndefined();
  });
});

describe('a registry condition', () => {
  const ask = async (more: Partial<WorldExpressionOf<'registry'>>, said: Partial<ProgramOutput>): Promise<unknown> =>
    (
      (await probeRegistry({ registry: key, name: 'V', operator: 'exists', ...more }, windows(said))) as {
        result: boolean;
      }
    ).result;
  const number = { standardOutput: printed('V    REG_DWORD    0x1e') };
  const missing = {
    exitCode: 1,
    standardError: 'ERROR: The system was unable to find the specified registry key or value.',
  };

  it('regards the type for exists and notExists only', async () => {
    expect(await ask({}, number)).toBe(true);
    expect(await ask({ valueType: 'DWord' }, number)).toBe(true);
    expect(await ask({ valueType: 'String' }, number)).toBe(false);
    expect(await ask({ operator: 'notExists', valueType: 'String' }, number)).toBe(true);
    expect(await ask({ operator: 'equals', valueType: 'String', value: '30' }, number)).toBe(true);
  });

  it('compares integers as numbers and all else as text', async () => {
    expect(await ask({ operator: 'greater', value: '4' }, number)).toBe(true);
    expect(await ask({ operator: 'lessEqual', value: '30' }, number)).toBe(true);
    const text = { standardOutput: printed('V    REG_SZ    Pro') };
    expect(await ask({ operator: 'equals', value: 'PRO' }, text)).toBe(true);
  });

  it('is false for a value that is not there, except notExists and notEquals', async () => {
    const operators = ['exists', 'notExists', 'equals', 'notEquals', 'less', 'greaterEqual'] as const;
    const results = await Promise.all(operators.map((operator) => ask({ operator, value: '1' }, missing)));
    expect(results).toEqual([false, true, false, true, false, false]);
  });

  it('cannot be told when access is denied', async () => {
    const denied = { exitCode: 1, standardError: 'ERROR: Access is denied.' };
    await expect(ask({}, denied)).rejects.toMatchObject({ code: 'condition.probe-failed' });
  });
});

describe('a question to PowerShell', () => {
  it('carries values beside the script and never inside it', async () => {
    const asked: { args: string[]; environment: Record<string, string> }[] = [];
    const wmi = `SELECT * FROM Win32_Battery'; Remove-Item C:\\ -Recurse #`;
    const answer = await probeWmi({ wmi, namespace: 'root/cimv2' }, windows({ standardOutput: '{"rows":1}' }, asked));
    expect(answer).toMatchObject({ result: true });
    const script = Buffer.from(asked[0]?.args.at(-1) ?? '', 'base64').toString('utf16le');
    expect(script).toContain('$env:MUSTER_QUERY');
    expect(script).not.toContain('Remove-Item');
    expect(asked[0]?.environment).toEqual({ MUSTER_QUERY: wmi, MUSTER_NAMESPACE: 'root\\cimv2' });
  });

  it('is false for no rows, and an error for a query or a namespace that is wrong', async () => {
    expect(await probeWmi({ wmi: 'x' }, windows({ standardOutput: '{"rows":0}\r\n' }))).toMatchObject({
      result: false,
    });
    const problem = { standardOutput: '{"problem":"Invalid namespace "}' };
    await expect(probeWmi({ wmi: 'x' }, windows(problem))).rejects.toMatchObject({
      code: 'condition.probe-failed',
      message: 'PowerShell: Invalid namespace ',
    });
    await expect(probeWmi({ wmi: 'x' }, windows(undefined))).rejects.toMatchObject({ code: 'condition.probe-failed' });
  });

  it('may be answered with a mark of the byte order, or with nothing that can be read', () => {
    expect(readAnswer('\uFEFF{"rows":2}\r\n')).toEqual({ rows: 2 });
    expect(() => readAnswer('At line:1 char:1')).toThrow(/no JSON/);
  });

  it('finds products with their versions', async () => {
    const said = { standardOutput: '{"versions":["7.1.0","24.08"]}' };
    const version = { operator: 'greaterEqual' as const, value: '24.8' };
    expect(await probeSoftware({ software: '7-Zip', version }, windows(said))).toEqual({
      result: true,
      actual: '7.1.0, 24.08',
    });
    const none = windows({ standardOutput: '{"versions":[]}' });
    expect(await probeSoftware({ software: '7-Zip' }, none)).toMatchObject({ result: false });
  });

  it('tells the language by its number', async () => {
    const said = windows({ standardOutput: '{"language":1031}' });
    expect(await probeOsLanguage({ osLanguage: 'de' }, said)).toEqual({ result: true, actual: 'de-DE' });
  });
});

describe('on another system', () => {
  it('registry and WMI are not supported, which is neither true nor false', async () => {
    const unsupported = { code: 'condition.kind-unsupported' };
    await expect(probeRegistry({ registry: key, operator: 'notExists' }, linux)).rejects.toMatchObject(unsupported);
    await expect(probeWmi({ wmi: 'SELECT * FROM X' }, linux)).rejects.toMatchObject(unsupported);
  });
});
