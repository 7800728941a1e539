import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeFolders } from './make-folders.js';
import { repositoryFolder } from './repository.js';

describe('making folders', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'muster-folders-'));
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('makes every missing one, and is content with those that are there', () => {
    const folder = join(root, 'a', 'b', 'c');
    makeFolders(folder, 0o700);
    makeFolders(folder, 0o755);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(root, 'a')).mode & 0o777).toBe(0o700);
  });

  it('takes a link to a folder for a folder', () => {
    symlinkSync(root, join(root, 'link'));
    makeFolders(join(root, 'link', 'inside'), 0o700);
    expect(statSync(join(root, 'inside')).isDirectory()).toBe(true);
  });

  it('fails with the code of the system where it cannot', () => {
    writeFileSync(join(root, 'file'), '');
    symlinkSync(join(root, 'nowhere'), join(root, 'dangling'));
    expect(() => makeFolders(join(root, 'file'), 0o700)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect(() => makeFolders(join(root, 'file', 'x'), 0o700)).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
    expect(() => makeFolders(join(root, 'dangling', 'x'), 0o700)).toThrow();
  });

  it('ends where a file system refuses children as if the parent were missing', () => {
    const module = pathToFileURL(join(repositoryFolder(), 'dist/libs/localsite/src/start-site.js')).href;
    // In a process of its own, because the failure that this guards against is to hang.
    const program = `
      import { startSite } from ${JSON.stringify(module)};
      await startSite({ dataFolder: '/proc/muster/data' }).catch((error) => console.log(error.code, error.message));`;
    const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      timeout: 60_000,
      killSignal: 'SIGKILL',
    });
    expect(signal).toBeNull();
    expect(stdout).toMatch(
      /^up\.not-writable the data folder \/proc\/muster\/data cannot be written \(ENOENT\).*--data\n$/,
    );
  });
});
