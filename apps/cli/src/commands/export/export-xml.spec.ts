import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { captureTerminal } from '../../../test/capture-terminal.js';
import { runCli } from '../../program.js';
import { readZip } from '../import/import-zip.js';

const corpus = fileURLToPath(new URL('../../../../../test/data/task-sequences/', import.meta.url));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-export-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function muster(...argv: string[]) {
  const terminal = captureTerminal();
  const exitCode = await runCli(argv, terminal);
  return { exitCode, out: terminal.stdout(), error: terminal.stderr() };
}

const inFolder = (name: string): string => join(folder, name);

function document(name: string, steps: string, labels = ''): string {
  const path = inFolder(`${name}.yaml`);
  writeFileSync(
    path,
    `apiVersion: muster/v1\nkind: TaskSequence\nmetadata:\n  name: ${name}\n${labels}spec:\n  displayName: The ${name}\n  steps:\n${steps}`,
  );
  return path;
}

const setVariable = '    - { step: S, type: SetTaskSequenceVariable, settings: { name: A, value: b } }\n';
const script = '    - { step: T, type: RunScript, settings: { script: echo a } }\n';
const mdt = '  labels: { import/origin: mdt }\n';

describe('muster export --format configmgr', () => {
  it('writes the XML of a document to standard output, and what there is to know beside it', async () => {
    const { exitCode, out, error } = await muster('export', '-f', document('a', setVariable), '--format', 'configmgr');
    expect([exitCode, error]).toEqual([0, 'a: 0 groups, 1 steps, 0 findings, 0 secrets left out']);
    expect(out).toMatch(/^<\?xml version="1\.0" encoding="utf-8"\?>\n<sequence version="3\.10">/);
    expect(out).toContain('<action>tsenv.exe &quot;A=b&quot; /hiddenflag:False</action>');
  });

  it('writes several into an archive as the console does, which is imported again', async () => {
    const files = [document('a', setVariable), document('b', setVariable)].flatMap((file) => ['-f', file]);
    const made = await muster('export', ...files, '--format', 'configmgr', '--out', inFolder('x.zip'), '-o', 'json');
    expect([made.exitCode, made.error]).toEqual([0, '']);
    expect(JSON.parse(made.out)).toMatchObject({
      outcome: 'written',
      sequences: [{ name: 'a', dialect: 'configmgr', groups: 0, steps: 1, findings: [], secrets: [] }, { name: 'b' }],
    });
    const paths = readZip(readFileSync(inFolder('x.zip'))).map(({ path }) => path);
    expect(paths).toEqual([
      'Manifest.xml',
      expect.stringMatching(/^SMS_TaskSequencePackage\/MST[0-9A-F]{5}\/object\.xml$/),
      expect.stringMatching(/^SMS_TaskSequencePackage\/MST[0-9A-F]{5}\/object\.xml$/),
    ]);
    expect(new Set(paths).size).toBe(3);
    const report = JSON.parse((await muster('import', inFolder('x.zip'), '--dry-run', '-o', 'json')).out) as {
      results: { sequences: { displayName: string }[] }[];
    };
    expect(report.results[0]?.sequences.map(({ displayName }) => displayName)).toEqual(['The a', 'The b']);
  });

  it('takes what an import wrote back to the same documents', async () => {
    const zip = join(corpus, 'cmzip-deploymentresearch-ts-bitlocker.zip');
    await muster('import', zip, '--out', inFolder('first'));
    const name = 'child-ts-bitlocker.yaml';
    const written = await muster(
      'export',
      '-f',
      inFolder(`first/${name}`),
      '--format',
      'configmgr',
      '--strict',
      '--out',
      inFolder('back.zip'),
    );
    expect([written.exitCode, written.error]).toEqual([0, expect.stringContaining('back.zip written')]);
    await muster('import', inFolder('back.zip'), '--out', inFolder('second'));
    const body = (path: string): string => readFileSync(inFolder(path), 'utf8').replace(/^#.*\n/gm, '');
    expect(body(`second/${name}`)).toBe(body(`first/${name}`));
  });

  it('puts a sequence of MDT where its share has it', async () => {
    const made = await muster(
      'export',
      '-f',
      document('a', setVariable, mdt),
      '--format',
      'mdt',
      '--out',
      inFolder('a.zip'),
    );
    expect(made.exitCode).toBe(0);
    expect(readZip(readFileSync(inFolder('a.zip'))).map(({ path }) => path)).toEqual(['Control/a/ts.xml']);
  });

  it.each([
    ['configmgr', mdt, 'export.other-origin'],
    ['mdt', '', 'export.other-origin'],
  ])('refuses --format %s for a sequence of the other product', async (format, labels, code) => {
    const { exitCode, error, out } = await muster(
      'export',
      '-f',
      document('a', setVariable, labels),
      '--format',
      format,
    );
    expect([exitCode, out, error.startsWith(`error: ${code}: `)]).toEqual([2, '', true]);
  });

  it('says what has no counterpart, and writes nothing then with --strict', async () => {
    const path = document('a', setVariable + script);
    const lax = await muster('export', '-f', path, '--format', 'configmgr', '--out', inFolder('a.xml'));
    expect([lax.exitCode, lax.error]).toEqual([0, expect.stringContaining('(export.no-counterpart)')]);
    const strict = await muster('export', '-f', path, '--format', 'configmgr', '--out', inFolder('b.xml'), '--strict');
    expect([strict.exitCode, strict.error]).toEqual([1, expect.stringContaining('b.xml not-written')]);
    expect(() => readFileSync(inFolder('b.xml'))).toThrow('ENOENT');
  });

  it('never writes over another file', async () => {
    const path = document('a', setVariable);
    const to = ['--format', 'configmgr', '--out', inFolder('a.xml')];
    expect((await muster('export', '-f', path, ...to)).error).toContain('a.xml written');
    expect((await muster('export', '-f', path, ...to)).error).toContain('a.xml unchanged');
    writeFileSync(inFolder('a.xml'), 'mine');
    const { exitCode, error } = await muster('export', '-f', path, ...to);
    expect([exitCode, error.startsWith('error: export.out-exists: ')]).toEqual([5, true]);
    expect(readFileSync(inFolder('a.xml'), 'utf8')).toBe('mine');
    const nowhere = await muster('export', '-f', path, '--format', 'configmgr', '--out', inFolder('no/a.xml'));
    expect([nowhere.exitCode, nowhere.error.startsWith('error: export.out-not-writable: ')]).toEqual([1, true]);
  });

  it('gives names of this site the ids that --bind says, and names the others', async () => {
    const steps = '    - { step: P, type: InstallPackage, settings: { package: vim, program: install } }\n';
    const path = document('a', steps);
    const open = await muster('export', '-f', path, '--format', 'configmgr');
    expect(open.error.match(/\(export\.[a-z-]+\)/g)).toEqual(['(export.reference-unbound)']);
    const bound = await muster(
      'export',
      '-f',
      path,
      '--format',
      'configmgr',
      '--bind',
      'vim=ABC00001',
      '--bind',
      'x=1',
    );
    expect(bound.error).toContain('--bind x=… was of no use');
    expect(bound.out).toContain('<reference package="ABC00001" program="install" />');
  });

  it.each([
    [['export', 'a', '--format', 'bundle', '--strict']],
    [['export', '--format', 'configmgr']],
    [['export', '-f', 'a.yaml', '--format', 'word']],
    [['export', 'a', '--format', 'configmgr', '-o', 'json']],
    [['export', 'a', '--format', 'configmgr', '--out', 'a.doc']],
    [['export', 'a', '--format', 'configmgr', '--bind', 'a']],
  ])('refuses %j', async (argv) => {
    const { exitCode, error } = await muster(...argv);
    expect([exitCode, error]).toEqual([2, expect.stringMatching(/^error: cli\./)]);
  });

  it('refuses two sequences for one XML, and a document that is not valid', async () => {
    const two = [document('a', setVariable), document('b', setVariable)].flatMap((file) => ['-f', file]);
    expect((await muster('export', ...two, '--format', 'configmgr')).exitCode).toBe(2);
    const bad = document('c', '    - { step: S, type: Nothing }\n');
    expect((await muster('export', '-f', bad, '--format', 'configmgr')).exitCode).toBe(3);
  });
});
