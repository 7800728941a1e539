import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { collection } from '@muster/contracts/kinds/collection.js';
import { packageKind, type PackageSpec } from '@muster/contracts/kinds/package.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { validateSequence } from '@muster/sequence/validate.js';
import { until } from '@muster/testing/until.js';
import { parse } from 'yaml';
import { runAgentProgram } from '../src/commands/run.js';
import { parseDocuments } from '../src/documents/read-documents.js';

const cli = resolve(import.meta.dirname, '..');
const example = resolve(cli, '..', '..', 'examples', 'hello-site');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-programs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function script(text: string): string {
  const path = join(folder, 'program.mjs');
  writeFileSync(path, text);
  return path;
}

describe('muster run', () => {
  it("hands over its arguments and takes the program's exit code", async () => {
    const out = join(folder, 'out');
    const program = script(`import { writeFileSync } from 'node:fs';
      writeFileSync(${JSON.stringify(out)}, process.argv.slice(2).join(' '));
      process.exit(5);`);
    expect(await runAgentProgram(['a.yaml', '--var', 'A=b c', '-o', 'json'], program)).toBe(5);
    expect(readFileSync(out, 'utf8')).toBe('a.yaml --var A=b c -o json');
  });

  it('passes signals on', async () => {
    const ready = join(folder, 'ready');
    const program = script(`import { writeFileSync } from 'node:fs';
      process.on('SIGTERM', () => process.exit(42));
      setInterval(() => {}, 1000);
      writeFileSync(${JSON.stringify(ready)}, '');`);
    const done = runAgentProgram([], program);
    await until(() => exists(ready));
    process.emit('SIGTERM');
    expect(await done).toBe(42);
  });

  it('says how to build what is missing', () => {
    expect(() => runAgentProgram([], join(folder, 'nothing.js'))).toThrow(
      expect.objectContaining({ code: 'cli.not-built', exitCode: 2 }),
    );
  });
});

describe('the launcher', () => {
  const launcher = () => {
    mkdirSync(join(folder, 'apps', 'cli'), { recursive: true });
    cpSync(join(cli, 'muster.js'), join(folder, 'apps', 'cli', 'muster.js'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    return join(folder, 'apps', 'cli', 'muster.js');
  };

  it('says in one line what to do before the first build, with exit code 2', async () => {
    const { code, stderr } = await execute(launcher());
    expect(code).toBe(2);
    expect(stderr).toBe('error: cli.not-built: muster is not built yet: run "npm start" (or "npm run build") first\n');
  });

  it('starts the built program', async () => {
    const path = launcher();
    const built = join(folder, 'dist', 'apps', 'cli', 'src');
    mkdirSync(built, { recursive: true });
    writeFileSync(join(built, 'main.js'), 'console.log(process.argv.slice(2).join()); process.exitCode = 4;');
    expect(await execute(path, ['a', 'b'])).toEqual({ code: 4, stdout: 'a,b\n', stderr: '' });
  });
});

describe('examples/hello-site', () => {
  const file = join(example, 'hello-site.yaml');
  const read = () => parseDocuments(file, readFileSync(file));

  it('is a package, a collection and a sequence, each valid', () => {
    const { documents, problems } = read();
    expect(problems).toEqual([]);
    expect(documents.map(({ kind }) => kind)).toEqual([packageKind, collection, taskSequence]);
    for (const { kind, input } of documents)
      expect([kind.kind, kind.input.safeParse(input).error?.issues]).toEqual([kind.kind, undefined]);
    expect(validateSequence(documents[2]?.input.spec)).toEqual([]);
  });

  it('has the same programs with and without a server', () => {
    const spec = read().documents[0]?.input.spec as PackageSpec | undefined;
    const local = parse(readFileSync(join(example, 'packages', 'hello', 'package.yaml'), 'utf8')) as unknown;
    expect(local).toEqual({ programs: spec?.programs });
  });

  it('unpacks its content below the folder it is given and reports what it finds there by exit code', async () => {
    const run = (name: string, ...args: string[]) => execute(join(example, 'packages', 'hello', name), args, 'sh');
    expect((await run('install.sh')).code).toBe(2);
    expect((await run('check.sh', folder, '1.0.0')).code).toBe(1);
    expect((await run('install.sh', folder)).code).toBe(0);
    expect((await run('install.sh', folder)).code).toBe(0);
    expect((await run('check.sh', folder, '1.0.0')).code).toBe(5);
    expect((await run('check.sh', folder, '2.0.0')).code).toBe(0);
  });
});

function execute(path: string, args: readonly string[] = [], command = process.execPath) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
    const child = execFile(command, [path, ...args], (_error, stdout, stderr) =>
      done({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}
