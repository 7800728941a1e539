import { captureTerminal } from '../../test/capture-terminal.js';
import { deploymentName } from './deployments/deploy.js';
import { COMMANDS } from './all-commands.js';
import { bashCompletion } from './completion.js';
import { buildProgram, runCli } from '../program.js';

describe('the help', () => {
  it('of every command that talks to a site teaches by examples', async () => {
    const silent = ['run', 'explain', 'version'];
    for (const command of (await buildProgram(captureTerminal())).commands) {
      if (silent.includes(command.name())) continue;
      const groups =
        command.commands.length > 0
          ? command.commands.map((inner) => [command.name(), inner.name()])
          : [[command.name()]];
      const texts = [];
      for (const words of [[command.name()], ...groups]) {
        const terminal = captureTerminal();
        expect(await runCli([...words, '--help'], terminal)).toBe(0);
        texts.push(terminal.stdout());
      }
      expect([command.name(), texts.join('\n')]).toEqual([command.name(), expect.stringMatching(/Examples?:/)]);
    }
  });

  it('is shown, with exit code 2, when no command is named', async () => {
    const terminal = captureTerminal();
    expect(await runCli([], terminal)).toBe(2);
    expect(terminal.stderr()).toContain('Exit codes:');
  });
});

describe('a command', () => {
  const namesOf = async (...argv: string[]) =>
    (await buildProgram(captureTerminal(), argv)).commands.map((command) => command.name());

  it('is registered under the name that it is loaded by', async () => {
    for (const name of Object.keys(COMMANDS)) expect(await namesOf(name)).toContain(name);
  });

  it('is found behind options of the program, also where a value is the name of another', async () => {
    const options = ['--ignore-lock', '--site', 'apply', '--server=http://127.0.0.1:9'];
    expect(await namesOf(...options, 'get', 'apply')).toEqual(['get']);
  });

  it('is one among all where none is named, or none that there is', async () => {
    const all = Object.keys(COMMANDS);
    for (const argv of [[], ['--help'], ['help', 'get'], ['toString'], ['completion', 'bash']])
      expect(await namesOf(...argv)).toEqual(all);
  });
});

describe('wrong usage', () => {
  it.each([
    [['nonsense']],
    [['get']],
    [['get', 'devices', '--bad']],
    [['get', 'devices', '-o', 'xml']],
    [['apply']],
    [['apply', '-f', 'x', '--dry-run=client']],
    [['watch', 'deployment', 'x', '--timeout', 'soon']],
    [['up', '--port', '99999']],
    [['get', 'nonsense']],
    [['describe', 'device']],
    [['delete']],
    [['completion', 'fish']],
    [['deploy', 'x']],
  ])('%j is one line with a code, and exit code 2', async (argv) => {
    const terminal = captureTerminal();
    expect(await runCli(argv, terminal)).toBe(2);
    expect(terminal.stderr()).toMatch(/^error: (cli|config)\.[a-z-]+: \S/);
    expect(terminal.stdout()).toBe('');
  });
});

describe('the completion script', () => {
  it('knows every command', async () => {
    const program = await buildProgram(captureTerminal());
    const script = bashCompletion(program);
    for (const command of program.commands) expect(script).toContain(command.name());
    expect(script).toContain('content) words="upload distribute remove validate');
  });
});

describe('the name of a deployment', () => {
  it('is made of both names and stays a name', () => {
    expect(deploymentName('harden', 'pilot')).toBe('harden-to-pilot');
    expect(deploymentName('a'.repeat(58), 'b'.repeat(10))).toBe(`${'a'.repeat(58)}-to-b`);
    expect(deploymentName('a'.repeat(59), 'b'.repeat(10))).toBe(`${'a'.repeat(59)}-to`);
  });
});
