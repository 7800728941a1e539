import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SequenceExplanation } from '@muster/sequence/explain.js';
import { explainCommand } from './explain-command.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-explain-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const sequence = (steps: string, spec = ''): string =>
  file(
    'sequence.yaml',
    `apiVersion: muster/v1\nkind: TaskSequence\nmetadata: {name: demo}\nspec:\n${spec}  steps:\n${steps}`,
  );

async function explain(...argv: string[]): Promise<{ code: number; out: string[]; error: string[] }> {
  const [out, error]: [string[], string[]] = [[], []];
  const code = await explainCommand(argv, { out: (line) => out.push(line), error: (line) => error.push(line) });
  return { code, out, error };
}
async function verdicts(...argv: string[]): Promise<string[]> {
  const { out } = await explain(...argv, '-o', 'json');
  const { nodes } = JSON.parse(out.join('\n')) as SequenceExplanation;
  return nodes.map(({ path, verdict, reason, code }) => [path, verdict, reason ?? code].filter(Boolean).join(' '));
}

describe('muster explain', () => {
  it('shows the tree with the truth table of each condition and who sets each variable', async () => {
    const path = sequence(`    - group: Pilot
      condition: {all: [{variable: Ring, operator: equals, value: pilot}, {variable: Site, operator: exists}]}
      steps:
        - {step: Say, type: RunCommandLine, settings: {command: "echo %Ring%"}}
    - {step: Off, type: RunCommandLine, disabled: true, settings: {command: "true"}}
`);
    const layers = file(
      'layers.yaml',
      `device: {Ring: broad}
collections:
  - {id: all, variables: {Site: X}}
  - {id: berlin, priority: 5, variables: {Site: B}}
`,
    );
    const { code, out } = await explain(path, '--var', 'Ring=pilot', '--variables', layers);
    expect([code, ...out]).toEqual([
      0,
      'demo',
      '  + Pilot [group] will-run',
      '      if all: true',
      '           variable Ring equals "pilot": true (it is "pilot")',
      '           variable Site exists: true (it is "B")',
      '      %Ring% = "pilot" (device)',
      '      %Site% = "B" (collection berlin); hides "X" (collection all, priority 1)',
      '    + Say [RunCommandLine] will-run',
      '        %Ring% = "pilot" (device)',
      '  - Off [RunCommandLine] skipped (disabled)',
      '1 will-run, 1 skipped; the run would end as succeeded',
    ]);
  });

  it('lets this computer answer what conditions ask, also with variables in paths', async () => {
    file('there', '');
    const path = sequence(`    - {step: Set, type: SetTaskSequenceVariable, settings: {name: Name, value: there}}
    - {step: A, type: RunCommandLine, condition: {file: "${folder}/%Name%"}, settings: {command: "true"}}
    - {step: B, type: RunCommandLine, condition: {file: "${folder}/absent"}, settings: {command: "true"}}
    - {step: C, type: RunCommandLine, condition: {wmi: "SELECT * FROM Win32_Battery"}, settings: {command: "true"}}
`);
    expect(await verdicts(path)).toEqual([
      'Set will-run',
      'A will-run',
      'B skipped condition-false',
      process.platform === 'win32' ? 'C will-run' : 'C skipped condition.not-decidable',
    ]);
  });

  it('says which content is missing, and what cannot run here', async () => {
    mkdirSync(join(folder, 'packages', 'hello'), { recursive: true });
    const path = sequence(`    - {step: Here, type: InstallPackage, settings: {package: hello, program: install}}
    - {step: Gone, type: InstallPackage, continueOnError: true, settings: {package: gone, program: install}}
    - {step: In PE, type: RunCommandLine, runIn: PE, settings: {command: "true"}}
`);
    expect(await verdicts(path, '--content', join(folder, 'packages'))).toEqual([
      'Here will-run',
      'Gone blocked content-missing',
      'In PE blocked wrong-environment',
    ]);
  });

  it('follows assumed outcomes from a table', async () => {
    const path = sequence(`    - group: Try
      continueOnError: true
      steps:
        - {step: A, type: RunCommandLine, settings: {command: "true"}}
        - {step: B, type: RunCommandLine, settings: {command: "true"}}
    - {step: C, type: RunCommandLine, condition: {variable: _SMSTSLastActionSucceeded, operator: equals, value: "false"}, settings: {command: "true"}}
`);
    const table = file('table.yaml', 'Try/A: [{exitCode: 2}]');
    expect(await verdicts(path, '--simulate', table)).toEqual([
      'Try will-run',
      'Try/A will-run',
      'Try/B not-reached abandoned',
      'C will-run',
    ]);
    expect(await verdicts(path)).toContain('C skipped condition-false');
  });

  it('refuses a document or a table that is not valid with 3, and usage with 2', async () => {
    const bad = await explain(sequence('    - {step: A, type: RunCommandLin, settings: {}}\n'));
    expect([bad.code, bad.error[0]]).toEqual([3, expect.stringContaining('sequence.unknown-step-type')]);
    const good = sequence('    - {step: A, type: RunCommandLine, settings: {command: "true"}}\n');
    const table = await explain(good, '--simulate', file('table.yaml', 'A: [{exitcode: 1}]'));
    expect([table.code, table.error[0]]).toEqual([3, expect.stringMatching(/^simulation\.invalid: .*\/A\/.*exitcode/)]);
    const layers = await explain(good, '--variables', file('layers.yaml', 'device: {_X: 1}'));
    expect([layers.code, layers.error[0]]).toEqual([3, expect.stringMatching(/^variables\.invalid: /)]);
    expect((await explain(good, '--nonsense')).code).toBe(2);
    expect((await explain(join(folder, 'absent.yaml'))).error[0]).toMatch(/^document\.not-readable: /);
  });
});
