import { commandSettings, splitWindowsCommand } from './windows-command-line.js';

describe('a command line of Windows', () => {
  it.each([
    ['a b  c', ['a', 'b', 'c']],
    ['"C:\\Program Files\\x.exe" "a b"', ['C:\\Program Files\\x.exe', 'a b']],
    ['x "a\\\\" b', ['x', 'a\\', 'b']],
    ['x "a\\"b"', ['x', 'a"b']],
    ['x "a""b"', ['x', 'a"b']],
    ['x \\\\server\\share\\', ['x', '\\\\server\\share\\']],
    ["x -Message 'two words'", ['x', '-Message', "'two", "words'"]],
    ['x ""', ['x', '']],
    ['cscript.exe "%SCRIPTROOT%\\ZTIPowerShell.wsf', ['cscript.exe', '%SCRIPTROOT%\\ZTIPowerShell.wsf']],
    ['', []],
  ])('%j is %j', (line, words) => {
    expect(splitWindowsCommand(line)).toEqual(words);
  });

  it('stays a line where we split it alike, and becomes words where we do not', () => {
    expect(commandSettings('reg add "HKLM\\A B" /f')).toEqual({ command: 'reg add "HKLM\\A B" /f' });
    expect(commandSettings("x 'a b'")).toEqual({ command: 'x', arguments: ["'a", "b'"] });
    expect(commandSettings('dir C:\\ /s')).toEqual({ command: 'dir', arguments: ['C:\\', '/s'] });
    expect(commandSettings('x "never closed')).toEqual({ command: 'x', arguments: ['never closed'] });
  });
});
