import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@muster/testing/until.js';
import { SiteUnderTest } from './site-under-test.js';

const tools = `apiVersion: muster/v1
kind: Package
metadata: {name: tools}
spec: {}
---
apiVersion: muster/v1
kind: OsImage
metadata: {name: windows-11}
spec: {os: Windows 11, architecture: x64}
`;
const uses = `apiVersion: muster/v1
kind: TaskSequence
metadata: {name: uses}
spec:
  steps:
    - {step: Install, type: InstallPackage, settings: {package: tools, program: install}}
    - {sequence: base}
`;

describe('templates, folders and locks on the command line, on a whole site,', () => {
  let site: SiteUnderTest;
  const file = (name: string, text: string) => {
    const path = join(site.folder, name);
    writeFileSync(path, text);
    return path;
  };

  beforeAll(async () => {
    site = await SiteUnderTest.withDatabase();
    await site.up();
    await site.ok('apply', '-f', file('tools.yaml', tools));
  });

  afterAll(async () => {
    await site?.remove();
  });

  it('make a sequence of a template, in a folder', async () => {
    const create = ['create', 'sequence', 'lab-pc', '--template', 'install-image', '--folder', '/lab/pcs'];
    const filled = [...create, '-p', 'image=windows-11', '-p', 'clientPackage=tools', '-p', 'workgroup=LAB'];
    expect(await site.ok(...filled, '--dry-run=server')).toBe('taskSequence/lab-pc created (dry run)\n');
    expect(await site.ok(...filled)).toBe('taskSequence/lab-pc created\n');
    expect(await site.ok('get', 'ts', '--folder', '/lab/pcs', '-o', 'name')).toBe('taskSequence/lab-pc\n');
    expect(await site.ok('folder', 'move', '/lab', '/test')).toBe(
      'folder /lab moved to /test, with 1 sequences and 1 folders in it\n',
    );
    expect(await site.ok('move', 'lab-pc', '--to', '/test')).toBe(
      'taskSequence/lab-pc moved from /test/pcs to /test\n',
    );
    expect(await site.ok('folder', 'list')).toMatch(/^PATH +SEQUENCES .*\n\/test +1 .*\n\/test\/pcs +0 /);
    const refused = await site.muster('folder', 'delete', '/test');
    expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('TaskSequence "lab-pc" is in it')]);
  });

  it('lock a sequence against others, who can say that they go on all the same', async () => {
    expect(await site.ok('lock', 'lab-pc', '--machine', 'pc-1')).toMatch(
      /^taskSequence\/lab-pc locked for .* on pc-1 until 2/,
    );
    const elsewhere = await site.muster('lock', 'lab-pc', '--machine', 'pc-2');
    expect([elsewhere.code, elsewhere.stderr]).toEqual([5, expect.stringContaining('--take-over')]);
    expect(await site.ok('get', 'ts', 'lab-pc', '-o', 'wide')).toContain(' on pc-1');
    expect(await site.ok('unlock', 'lab-pc', '--ignore-lock')).toContain('taskSequence/lab-pc unlocked');
  });

  it('flag a sequence whose references are gone, and list who uses what is to be deleted', async () => {
    await site.ok('create', 'sequence', 'base', '--template', 'custom');
    await site.ok('apply', '-f', file('uses.yaml', uses));
    const refused = await site.muster('delete', 'ts/base');
    expect([refused.code, refused.stderr]).toEqual([
      5,
      expect.stringContaining('TaskSequence "uses" names it in the node "base"'),
    ]);
    await site.ok('delete', 'ts/base', '--force');
    const kept = await site.muster('delete', 'package/tools');
    expect([kept.code, kept.stderr]).toEqual([
      5,
      expect.stringContaining('TaskSequence "uses" names it in the node "Install"'),
    ]);
    await site.ok('delete', 'package/tools', '--force');
    await until(async () => (await site.ok('search', 'uses')).includes('names package/tools, which is not there'));
    expect(await site.ok('describe', 'ts', 'uses')).toContain('danglingReferences');
    await site.ok('create', 'sequence', 'base', '--template', 'custom');
    await site.ok('apply', '-f', file('tools.yaml', tools));
    await until(async () => !(await site.ok('describe', 'ts', 'uses')).includes('danglingReferences'));
  });

  it('delete a folder with everything in it', async () => {
    expect(await site.ok('folder', 'delete', '/test', '--recursive', '--dry-run=server')).toContain('(dry run)');
    expect(await site.ok('folder', 'delete', '/test', '--recursive')).toBe(
      'taskSequence/lab-pc deleted\nfolder /test/pcs deleted\nfolder /test deleted\n',
    );
  });
});
