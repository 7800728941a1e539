import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captureTerminal } from '../../../test/capture-terminal.js';
import { runCli } from '../../program.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-page-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sequence = `<sequence version="3.00" name="&lt;script&gt;alert(1)&lt;/script&gt; [x](http://y) | z">
  <globalVarList><variable name="Site">S</variable></globalVarList>
  <group name="G">
    <condition><expression type="SMS_TaskSequence_VariableConditionExpression">
      <variable name="Variable">FromOutside</variable><variable name="Operator">exists</variable></expression></condition>
    <step type="SMS_TaskSequence_InstallSoftwareAction" name="P" disable="false"><defaultVarList>
      <variable name="PackageID" property="PackageID">ABC00012</variable>
      <variable name="ProgramName" property="ProgramName">%Site%</variable></defaultVarList></step>
    <step type="SMS_TaskSequence_SetVariableAction" name="Set"><defaultVarList>
      <variable name="VariableName" property="VariableName">AdminPassword</variable>
      <variable name="VariableValue" property="VariableValue">Hunter2</variable></defaultVarList></step>
    <step type="BDD_InstallRoles" name="Roles"><action>x</action></step>
  </group>
</sequence>`;

async function report(name: string): Promise<{ page: string; exitCode: number; error: string }> {
  const path = join(folder, 'a.xml');
  writeFileSync(path, sequence);
  writeFileSync(join(folder, 'bad.xml'), '<sequence');
  const terminal = captureTerminal();
  const target = join(folder, name);
  const exitCode = await runCli(['import', path, join(folder, 'bad.xml'), '--dry-run', '--report', target], terminal);
  return { page: exitCode === 2 ? '' : readFileSync(target, 'utf8'), exitCode, error: terminal.stderr() };
}

describe('muster import --report', () => {
  it('has everything: numbers, what to do, files, types, references, secrets, variables and where they come from', async () => {
    const { page, exitCode } = await report('r.md');
    expect(exitCode).toBe(1);
    for (const line of [
      '| Files | 2 |',
      '| Groups | 1 |',
      '| Steps | 3 |',
      '| Conditions | 1 |',
      '| Nodes dropped | 0 |',
      '- bind Package ABC00012',
      '- give values to FromOutside, as variables',
      'import.truncated',
      '| BDD\\_InstallRoles | BDD\\_InstallRoles | 0 | 0 | 1 |',
      '| Package | ABC00012 |  | package-abc00012 | no |',
      '| G/Set | value of the variable AdminPassword | AdminPassword |',
      '| FromOutside | 1 | 0 | outside: give it to the deployment',
      '| Site | 1 | 1 | the variables of the sequence |',
      '| import.kept-foreign |',
    ])
      expect(page).toContain(line);
    expect(page).not.toContain('Hunter2');
  });

  it.each(['r.html', 'r.md'])('shows what strangers wrote as text, never as markup, in %s', async (name) => {
    const { page } = await report(name);
    expect(page).not.toMatch(name === 'r.html' ? /<script/ : /[^\\](<script|\[x\])/);
    expect(page).toContain(name === 'r.html' ? '&lt;script&gt;alert(1)&lt;/script&gt;' : '\\<script\\>alert(1)');
    if (name === 'r.html') expect(page).toContain("default-src 'none'");
  });

  it('replaces an older page, and refuses another kind of file before anything is read', async () => {
    writeFileSync(join(folder, 'r.html'), 'old');
    expect((await report('r.html')).page).toContain('<h1>Import of task sequences</h1>');
    const { exitCode, error } = await report('r.pdf');
    expect([exitCode, error.startsWith('error: cli.usage: --report ')]).toEqual([2, true]);
  });
});
