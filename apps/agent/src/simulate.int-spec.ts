import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './run-command.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-simulate-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const sequence = (steps: string): string =>
  file('s.yaml', `apiVersion: muster/v1\nkind: TaskSequence\nmetadata: {name: demo}\nspec:\n  steps:\n${steps}`);

async function run(...argv: string[]): Promise<{ code: number; events: Record<string, unknown>[]; error: string[] }> {
  const [out, error]: [string[], string[]] = [[], []];
  const output = { out: (line: string) => out.push(line), error: (line: string) => error.push(line) };
  const code = await runCommand([...argv, '-o', 'json'], output);
  return { code, events: out.map((line) => JSON.parse(line) as Record<string, unknown>), error };
}
const ends = (events: Record<string, unknown>[]): string[] =>
  events.flatMap(({ event, path, outcome, attempt }) =>
    event === 'step-finished' ? [[path, outcome, attempt].filter((part) => part !== undefined).join(' ')] : [],
  );

describe('muster run --simulate', () => {
  it('executes nothing and takes outcomes by path or by name, in order, the last one repeating', async () => {
    const path = sequence(`    - group: G
      continueOnError: true
      steps:
        - {step: A, type: RunCommandLine, settings: {command: "touch ${folder}/executed"}}
        - {step: B, type: RunCommandLine, retry: {attempts: 3, backoffSeconds: 3600}, settings: {command: "false"}}
    - {step: A, type: RunCommandLine, condition: {variable: Found, operator: equals, value: "yes"}, settings: {command: "false"}}
    - {step: Not on this agent, type: ReleaseStateStore}
`);
    const table = file('t.yaml', 'G/A: [{set: {Found: "yes"}}]\nB: [{exitCode: 1}, {exitCode: 2}]\nA: {exitCode: 0}\n');
    const { code, events, error } = await run(path, '--simulate', table);
    expect(error).toEqual([]);
    expect([code, ...ends(events)]).toEqual([
      0,
      'G/A succeeded 1',
      'G/B failed 3',
      'A succeeded 1',
      'Not on this agent succeeded 1',
    ]);
    expect(existsSync(join(folder, 'executed'))).toBe(false);
  });

  it('goes on at once behind a restart, and ends with one run-finished', async () => {
    const path = sequence(`    - {step: A, type: RunCommandLine, settings: {command: "true"}}
    - {step: B, type: RunCommandLine, condition: {variable: _SMSTSInWinPE, operator: equals, value: "true"}, settings: {command: "true"}}
    - {step: C, type: RunCommandLine, settings: {command: "true"}}
`);
    const table = file('t.yaml', 'A: [{set: {SMSTSRebootRequested: WinPE}, restart: true}]\nC: [{exitCode: 3010}]\n');
    const { code, events } = await run(path, '--simulate', table);
    expect([code, ...ends(events)]).toEqual([0, 'A succeeded 1', 'B succeeded 1', 'C succeeded 1']);
    expect(events.filter(({ event }) => event === 'run-restarted')).toHaveLength(2);
    expect(events.filter(({ event }) => event === 'run-finished')).toEqual([
      expect.objectContaining({ result: 'succeeded', exitCode: 0 }),
    ]);
    expect(events.at(-1)).toMatchObject({ event: 'run-finished' });
  });

  it('ends with 1 and the exit code of the step that fails', async () => {
    const path = sequence('    - {step: A, type: RunCommandLine, settings: {command: "true"}}\n');
    const { code, events } = await run(path, '--simulate', file('t.yaml', 'A: [{exitCode: 7}]'));
    expect([code, events.at(-1)]).toEqual([1, expect.objectContaining({ result: 'failed', exitCode: 7 })]);
  });

  it('names entries that no step used', async () => {
    const path = sequence('    - {step: A, type: RunCommandLine, settings: {command: "true"}}\n');
    const { error } = await run(path, '--simulate', file('t.yaml', 'a: [{exitCode: 7}]'));
    expect(error[0]).toMatch(/^simulation\.unused: .*"a"/);
  });

  it('is never resumed as a real run, nor a real run as a simulation', async () => {
    const path = sequence('    - {step: A, type: RunCommandLine, settings: {command: "exit 194", shell: true}}\n');
    const state = join(folder, 'state');
    const table = file('t.yaml', '{}');
    expect((await run(path, '--state', state)).code).toBe(5);
    const mixed = await run(path, '--state', state, '--resume', '--simulate', table);
    expect([mixed.code, mixed.error[0]]).toEqual([4, expect.stringMatching(/^run\.simulation-mismatch: /)]);
    expect((await run(path, '--state', state, '--resume')).code).toBe(0);
  });
});
