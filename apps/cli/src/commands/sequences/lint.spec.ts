import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captureTerminal } from '../../../test/capture-terminal.js';
import { runCli } from '../../program.js';

const good = `# yaml-language-server: $schema=http://127.0.0.1:8080/api/v1/task-sequences/-/schema.json
apiVersion: muster/v1
kind: TaskSequence
metadata: { name: good }
spec:
  steps:
    - step: a
      type: RunCommandLine
      settings: { command: "true" }
`;

describe('muster lint', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-lint-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const lint = async (text: string, ...more: string[]) => {
    const terminal = captureTerminal({}, text);
    const exitCode = await runCli(['lint', '-', ...more], terminal);
    return { exitCode, out: terminal.stdout(), error: terminal.stderr() };
  };

  it('has nothing to say of a good document, and needs no server', async () => {
    expect(await lint(good)).toEqual({ exitCode: 0, out: '', error: '1 document: 0 errors, 0 warnings' });
  });

  it('says every finding with line and column, of every kind, in the order of the text', async () => {
    const text = `${good.replace('type: RunCommandLine', 'type: RunComandLine').replace('metadata: {', 'metadata: { nmae: x,')}
---
apiVersion: muster/v1
kind: Package
metadata: { name: tool }
spec: { programms: {} }
---
apiVersion: muster/v1
kind: TaskSequence
metadata: { name: good }
spec: { steps: [{ step: x, type: RunScript, settings: { skript: "" }, timeoutSeconds: 0 }] }
`;
    const { exitCode, out, error } = await lint(text);
    expect([exitCode, error]).toEqual([1, '3 documents: 7 errors, 0 warnings']);
    expect(out.split('\n').map((line) => line.split(': ').slice(0, 2).join(': '))).toEqual([
      '<stdin>:4:13: error document.unknown-field /metadata/nmae',
      '<stdin>:8:7: error sequence.unknown-step-type /spec/steps/0/type',
      '<stdin>:15:9: error document.unknown-field /spec/programms',
      '<stdin>:19:13: error document.duplicate-name /metadata/name',
      '<stdin>:20:45: error sequence.missing-field /spec/steps/0/settings/script',
      '<stdin>:20:57: error sequence.unknown-field /spec/steps/0/settings/skript',
      '<stdin>:20:71: error sequence.out-of-range /spec/steps/0/timeoutSeconds',
    ]);
  });

  it('lets warnings pass, unless told to be strict', async () => {
    const foreign = good.replace('RunCommandLine', 'BDD_InstallOS');
    expect(await lint(foreign)).toMatchObject({ exitCode: 0, error: '1 document: 0 errors, 1 warning' });
    expect((await lint(foreign)).out).toMatch(
      /^<stdin>:8:7: warning sequence\.foreign-step-type \/spec\/steps\/0\/type: /,
    );
    expect((await lint(foreign, '--strict')).exitCode).toBe(1);
  });

  it('prints one JSON object for programs', async () => {
    const { exitCode, out } = await lint('apiVersion: muster/v2\nkind: Nothing\n', '-o', 'json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      documents: 0,
      errors: 3,
      warnings: 0,
      findings: [
        { file: '<stdin>', line: 1, column: 1, code: 'document.api-version', path: '/apiVersion', severity: 'error' },
        { code: 'document.name' },
        { line: 2, code: 'document.unknown-kind' },
      ],
    });
  });

  it('reads files and folders, and says where the YAML is broken', async () => {
    writeFileSync(join(folder, 'a.yaml'), good);
    writeFileSync(join(folder, 'b.yaml'), 'a: [1,\nb: }');
    writeFileSync(join(folder, 'c.yaml'), Buffer.from([0x61, 0xff]));
    const terminal = captureTerminal();
    expect(await runCli(['lint', folder], terminal)).toBe(1);
    const lines = terminal.stdout().split('\n');
    expect(lines[0]).toMatch(/b\.yaml:2:\d+: error document\.syntax \/: /);
    expect(lines.at(-1)).toMatch(/c\.yaml: error document\.invalid-utf8 \/: /);
    const missing = captureTerminal();
    expect(await runCli(['lint', join(folder, 'nothing.yaml')], missing)).toBe(3);
    expect(missing.stderr()).toContain('error: document.not-readable: ');
  });
});
