import type { ScriptInterpreter } from '@muster/sequence/steps/run-script/definition.js';

/** A script ready to be run: the file, and what goes with it. */
export interface ScriptCall {
  readonly interpreter: ScriptInterpreter;
  readonly file: string;
  readonly arguments: readonly string[];
  readonly executionPolicy?: string | undefined;
}

/** The suffix with which an interpreter accepts a file. */
export const SCRIPT_SUFFIXES: Readonly<Record<ScriptInterpreter, string>> = {
  sh: '.sh',
  bash: '.bash',
  pwsh: '.ps1',
  python3: '.py',
  cmd: '.cmd',
};

/** What to install where an interpreter is missing. */
export const INTERPRETER_HELP: Readonly<Record<ScriptInterpreter, string>> = {
  sh: 'every POSIX system has one at /bin/sh',
  bash: 'install the package bash',
  pwsh: 'install PowerShell (package powershell)',
  python3: 'install the package python3',
  cmd: 'only Windows has one',
};

/**
 * Program and arguments that run a script. What Windows needs has never run on a real Windows.
 *
 * @param hasProgram is a program of that name on PATH? Asked on Windows, where PowerShell has two names
 */
export function interpreterCommand(
  { interpreter, file, arguments: words, executionPolicy }: ScriptCall,
  platform: NodeJS.Platform,
  hasProgram: (name: string) => boolean = () => true,
): { command: string; arguments: string[] } {
  const windows = platform === 'win32';
  switch (interpreter) {
    case 'sh':
      return { command: windows ? 'sh.exe' : '/bin/sh', arguments: [file, ...words] };
    case 'bash':
      return { command: windows ? 'bash.exe' : 'bash', arguments: [file, ...words] };
    case 'python3':
      return { command: windows ? 'python.exe' : 'python3', arguments: [file, ...words] };
    case 'cmd':
      return { command: windows ? 'cmd.exe' : 'cmd', arguments: ['/d', '/c', file, ...words] };
    case 'pwsh': {
      const command = !windows ? 'pwsh' : hasProgram('pwsh.exe') ? 'pwsh.exe' : 'powershell.exe';
      // Other systems have no execution policy.
      const asked = windows && executionPolicy !== undefined && executionPolicy !== 'Undefined';
      const policy = asked ? ['-ExecutionPolicy', executionPolicy] : [];
      return {
        command,
        arguments: ['-NoLogo', '-NoProfile', '-NonInteractive', ...policy, '-File', file, ...words],
      };
    }
  }
}

/** The bytes of an inline script as its interpreter reads them. */
export function scriptText(script: string, interpreter: ScriptInterpreter, platform: NodeJS.Platform): string {
  // A carriage return would be part of the last word of each line.
  if (interpreter === 'sh' || interpreter === 'bash') return script.replaceAll('\r\n', '\n');
  // Windows PowerShell takes a file without this mark for one in an old code page.
  return interpreter === 'pwsh' && platform === 'win32' ? `\uFEFF${script}` : script;
}
