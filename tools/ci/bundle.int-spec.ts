import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '..', '..');
/** What packages read beside their program. */
const READ_BY_PACKAGES = ['grpc-health-check/proto', '@grpc/reflection/build/proto'];

describe('A built program', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-bundle-'));
    for (const files of READ_BY_PACKAGES) {
      const path = join('node_modules', files);
      cpSync(join(repository, path), join(folder, path), { recursive: true });
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a program that stands alone: no package and no other module of ours can be found from it. */
  function runAlone(app: string, argv: readonly string[]) {
    const program = join('dist', 'apps', app, 'src', 'main.mjs');
    cpSync(join(repository, program.replace(/mjs$/, 'js')), join(folder, program));
    const env = { PATH: process.env['PATH'] };
    return spawnSync(process.execPath, [join(folder, program), ...argv], { encoding: 'utf8', env });
  }

  it.each(['catalog', 'content', 'deployment', 'policy', 'edge', 'store'])(
    'is one file: %s reads its settings and says which are missing',
    (app) => {
      const { status, stdout, stderr } = runAlone(app, []);
      expect(`${stdout}${stderr}`).toMatch(/config\.invalid|edge\.config|store\.config/);
      expect(status).toBeGreaterThan(0);
    },
  );

  it.each(['agent', 'cli'])('is one file: %s tells its commands', (app) => {
    const { status, stdout } = runAlone(app, ['--help']);
    expect(stdout).toMatch(/^Usage: muster/);
    expect(status).toBe(0);
  });

  it.each(['catalog', 'deployment', 'store'])('loads no client of the web that it does not use: %s', (app) => {
    const program = join(repository, 'dist', 'apps', app, 'src', 'main.js');
    const says =
      "data:text/javascript,process.on('exit',()=>console.log('loaded '+process.moduleLoadList.filter((name)=>name.includes('undici'))))";
    const env = { PATH: process.env['PATH'] };
    const { stdout } = spawnSync(process.execPath, ['--import', says, program], { encoding: 'utf8', env });
    expect(stdout.split('\n').find((line) => line.startsWith('loaded'))).toBe('loaded ');
  });

  it('finds the programs that it starts', () => {
    const program = join(repository, 'dist', 'apps', 'cli', 'src', 'main.js');
    const { status, stdout } = spawnSync(process.execPath, [program, 'run', '--help'], { encoding: 'utf8' });
    expect(stdout).toContain('Usage: muster');
    expect(status).toBe(0);
  });
});
