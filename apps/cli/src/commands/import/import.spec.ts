import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captureTerminal } from '../../../test/capture-terminal.js';
import { makeZip } from '../../../test/make-zip.js';
import { parseDocuments } from '../../documents/read-documents.js';
import { runCli } from '../../program.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-import-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const step =
  '<step type="SMS_TaskSequence_InstallSoftwareAction" name="S"><action>smsswd.exe /pkg:ABC00012 /install</action><defaultVarList><variable name="_SMSSWDProgramName" property="ProgramName">p</variable></defaultVarList></step>';
const sequence = `<sequence version="3.10" name="My sequence"><group name="G">${step}</group><step name="Own" type="BDD_Own"/></sequence>`;

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

async function muster(...argv: string[]) {
  const terminal = captureTerminal();
  const exitCode = await runCli(['import', ...argv], terminal);
  return { exitCode, out: terminal.stdout(), error: terminal.stderr() };
}

async function report(...argv: string[]): Promise<Record<string, unknown> & { exitCode: number }> {
  const { exitCode, out } = await muster('--dry-run', '-o', 'json', ...argv);
  return { ...(JSON.parse(out.split('\n').at(-1) ?? '') as Record<string, unknown>), exitCode };
}

describe('muster import --dry-run', () => {
  it('tells people what there is, what it became and what to do', async () => {
    const { exitCode, out, error } = await muster(file('a.xml', sequence), '--dry-run', '--bind', 'NOTHING=x');
    expect([exitCode, error]).toEqual([0, '']);
    expect(out).toContain('bind Package ABC00012: --bind ABC00012=NAME; until then it is called package-abc00012');
    expect(out).toContain('--bind nothing=… was of no use');
    expect(out).toContain('import.kept-foreign (1)');
    expect(out).toMatch(/SMS_TaskSequence_InstallSoftwareAction +InstallPackage +1 +0 +0/);
    expect(out.split('\n').at(-1)).toBe(
      '1 files: 1 with 1 sequences, 0 refused, 0 no sequence. 1 groups, 2 steps, 0 conditions. Mapped 1 (1 exactly, 0 with a note), kept unmapped 1, dropped 0.',
    );
  });

  it('tells programs the same in one JSON object, the last line', async () => {
    expect(await report(file('a.xml', sequence))).toMatchObject({
      exitCode: 0,
      files: 1,
      parsed: 1,
      sequences: 1,
      groups: 1,
      steps: 2,
      conditions: 0,
      mapped: 1,
      unmapped: 1,
      dropped: 0,
      results: [
        {
          file: join(folder, 'a.xml'),
          outcome: 'imported',
          sequences: [{ name: 'my-sequence', counts: { steps: 2 }, references: [{ id: 'ABC00012' }] }],
        },
      ],
    });
  });

  it('never lets escape sequences of a file reach the terminal', async () => {
    const { out } = await muster(
      file('a.xml', '<sequence name="a&#x1b;[31m"><step name="b&#x1b;]0;x" type="A_B"/></sequence>'),
      '--dry-run',
    );
    expect(out).not.toContain('\u001b');
  });

  it('reads a folder and what is below, goes on behind every bad file, and says so with its exit code', async () => {
    file('a/good.xml', sequence);
    file('a/CustomSettings.ini', '[Settings]');
    file('a/notes.txt', 'not looked at');
    expect(await report(folder)).toMatchObject({ exitCode: 0, files: 2, parsed: 1, notSequences: 1, refused: 0 });
    file('a/bad.xml', '<sequence>');
    expect(await report(folder)).toMatchObject({ exitCode: 1, files: 3, parsed: 1, refused: 1 });
    expect(await report(join(folder, 'a/bad.xml'))).toMatchObject({
      exitCode: 3,
      results: [{ code: 'import.truncated' }],
    });
    expect(await report(join(folder, 'a/CustomSettings.ini'))).toMatchObject({ exitCode: 3 });
    expect(await report(join(folder, 'a/good.xml'), join(folder, 'a/CustomSettings.ini'))).toMatchObject({
      exitCode: 1,
    });
    expect(await report(join(folder, 'nowhere.xml'))).toMatchObject({
      exitCode: 3,
      results: [{ code: 'import.not-readable', message: 'there is no such file or folder' }],
    });
  });

  it('refuses an archive in an archive and a file that only says it is one, and takes the rest', async () => {
    const nested = makeZip([
      { name: 'inner.zip', content: makeZip([]) },
      { name: 'ts.xml', content: sequence },
    ]);
    expect(await report(file('a.zip', nested))).toMatchObject({
      exitCode: 1,
      sequences: 1,
      results: [{ outcome: 'refused', code: 'import.nested-zip' }],
    });
    expect(await report(file('b.zip', sequence))).toMatchObject({ results: [{ code: 'import.zip-corrupt' }] });
    expect(await report(file('c.zip', makeZip([{ name: 'x.txt', content: '' }])))).toMatchObject({
      results: [{ outcome: 'not-a-sequence', code: 'import.not-a-sequence' }],
    });
  });

  it('refuses what is too large before it reads it', async () => {
    const path = file('huge.xml', '<sequence name="');
    truncateSync(path, 3_000_000_000);
    expect(await report(path)).toMatchObject({ results: [{ outcome: 'refused', code: 'import.too-large' }] });
  });

  it.each([['ABC00012'], ['=x'], ['ABC00012=Not A Name']])('refuses --bind %s as wrong usage', async (binding) => {
    const { exitCode, error } = await muster(file('a.xml', sequence), '--dry-run', '--bind', binding);
    expect([exitCode, error.startsWith('error: cli.usage: ')]).toEqual([2, true]);
  });
});

describe('muster import --out', () => {
  it('writes what apply reads, with what is left to do in comments', async () => {
    const out = join(folder, 'out');
    const { exitCode, out: said } = await muster(file('a.xml', sequence), '--out', out, '--bind', 'ABC00012=editor');
    expect([exitCode, said.split('\n').at(-1)]).toEqual([0, `${join(out, 'my-sequence.yaml')} written`]);
    const text = readFileSync(join(out, 'my-sequence.yaml'), 'utf8');
    expect(text).toMatch(/^# imported from .*a\.xml\n# note: Own: steps of type BDD_Own have no counterpart/);
    const { documents, problems } = parseDocuments('x', Buffer.from(text));
    expect(problems).toEqual([]);
    expect(documents[0]?.input).toMatchObject({
      metadata: { name: 'my-sequence' },
      spec: {
        steps: [{ group: 'G', steps: [{ settings: { package: 'editor', program: 'p' } }] }, { type: 'BDD_Own' }],
      },
    });
  });

  it('changes nothing the second time, and never writes over something else', async () => {
    const out = join(folder, 'out');
    const path = file('a.xml', sequence);
    await muster(path, '--out', out);
    expect((await muster(path, '--out', out)).out).toContain('unchanged');
    const { exitCode, error } = await muster(path, '--out', out, '--bind', 'ABC00012=editor');
    expect([exitCode, error.startsWith('error: import.out-exists: ')]).toEqual([5, true]);
    expect(readdirSync(out)).toEqual(['my-sequence.yaml']);
  });
});
