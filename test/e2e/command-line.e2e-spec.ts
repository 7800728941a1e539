import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RevisionDifference } from '@muster/contracts/kinds/sequence-revision.js';
import { until } from '@muster/testing/until.js';
import { SiteUnderTest } from './site-under-test.js';

const document = (steps: string) =>
  `apiVersion: muster/v1\nkind: TaskSequence\nmetadata: {name: harden}\nspec:\n  steps:\n${steps}`;
const first = document(`    - group: Prepare
      steps:
        - {step: Install hello, type: RunCommandLine, settings: {command: echo hello}}
        - {step: Join, type: JoinDomain, settings: {kind: domain, domain: example.org, account: 'E\\joe', password: pass-1}}
`);

const kit = `apiVersion: muster/v1
kind: Package
metadata: {name: kit}
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
    - {step: Install, type: InstallPackage, settings: {package: kit, program: install}}
    - {sequence: base}
`;

const devices = ['web-1', 'web-2', 'db-1']
  .map((name) => `apiVersion: muster/v1\nkind: Device\nmetadata: {name: ${name}}\nspec: {}\n`)
  .join('---\n');
const collectionOf = (name: string, spec: string) =>
  `apiVersion: muster/v1\nkind: Collection\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

describe('the command line, on a whole site,', () => {
  let site: SiteUnderTest;
  const file = (name: string, text: string) => {
    const path = join(site.folder, name);
    writeFileSync(path, text);
    return path;
  };

  beforeAll(async () => {
    site = await SiteUnderTest.withDatabase();
    await site.up();
  });

  afterAll(async () => {
    await site?.remove();
  });

  describe('authors a sequence:', () => {
    beforeAll(async () => {
      await site.ok('apply', '-f', file('harden.yaml', first), '--comment', 'The beginning ✓');
    });

    it('changes it node by node, and says what changed', async () => {
      const step = file('step.yaml', 'step: Clean up\ntype: RunCommandLine\nsettings: {command: rm -rf /tmp/hello}\n');
      expect(await site.ok('node', 'add', 'harden', step, '--into', '.', '--dry-run=server')).toBe(
        'taskSequence/harden revision 2 (dry run)\n  + Clean up  (step RunCommandLine)\n',
      );
      await site.ok('node', 'add', 'harden', step, '--into', '.');
      expect(
        await site.ok('node', 'set', 'harden', 'Prepare/Join', 'settings.password=pass-2', 'timeoutSeconds=60'),
      ).toBe(
        'taskSequence/harden revision 3\n  ~ Prepare/Join\n      settings.password: changed (secret)\n      timeoutSeconds: (none) → 60\n',
      );
      expect(
        await site.ok('node', 'move', 'harden', 'Clean up', '--into', 'Prepare', '--first', '--comment', 'CHG-1'),
      ).toBe('taskSequence/harden revision 4\n  > Prepare/Clean up  (moved, was Clean up)\n');
      expect(await site.ok('node', 'disable', 'harden', 'Prepare/Clean up')).toContain('disabled: (none) → true');
      expect(await site.ok('node', 'disable', 'harden', 'Prepare/Clean up')).toBe('taskSequence/harden unchanged\n');
      expect(await site.ok('node', 'set', 'harden', '.', 'variables.Owner=infra')).toContain(
        '~ variables: (none) → {"Owner":"infra"}',
      );
      expect(await site.ok('node', 'list', 'harden')).toBe(
        [
          'PATH                    TYPE             NOTES',
          'Prepare                 group',
          'Prepare/Clean up        RunCommandLine   disabled',
          'Prepare/Install hello   RunCommandLine',
          'Prepare/Join            JoinDomain',
          '',
        ].join('\n'),
      );
    });

    it('refuses a node that there is not, names what is near, and changes nothing', async () => {
      const refused = await site.muster('node', 'remove', 'harden', 'Prepare/Instal hello');
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toContain('error: edit.impossible: ');
      expect(refused.stderr).toContain('did you mean "Prepare/Install hello"?');
    });

    it('lists, compares and restores revisions', async () => {
      const table = (await site.ok('revisions', 'harden')).split('\n');
      expect(table[0]).toMatch(/^REVISION +AGE +AUTHOR +DIGEST +COMMENT$/);
      expect(table.at(-2)).toMatch(/^1 .*The beginning ✓$/);
      const compared = await site.muster('diff', 'harden', '--revision', '1', '--with', '2');
      expect(compared).toMatchObject({
        code: 1,
        stdout:
          '--- taskSequence/harden (revision 1)\n+++ taskSequence/harden (revision 2)\n+ Clean up  (step RunCommandLine)\n',
      });
      const json = await site.muster('diff', 'ts/harden', '--revision', '1', '-o', 'json');
      expect(json.stdout).not.toContain('pass-');
      expect((JSON.parse(json.stdout) as RevisionDifference).difference.added).toHaveLength(1);
      expect(await site.ok('restore', 'harden', '--revision', '1', '--comment', 'oops')).toBe(
        'taskSequence/harden restored: revision 7 is revision 1 again\n',
      );
      expect(await site.ok('diff', 'harden', '--revision', '1')).toBe('');
      expect(await site.ok('diff', '-f', join(site.folder, 'harden.yaml'))).toBe('');
      expect(await site.muster('restore', 'harden', '--revision', '99')).toMatchObject({
        code: 4,
        stderr: expect.stringContaining('revision.not-found'),
      });
    });

    it('shows both sides when somebody else saved in between', async () => {
      const seen = await site.ok('get', 'ts', 'harden', '-o', 'yaml');
      await site.ok('node', 'disable', 'harden', 'Prepare');
      const mine = file('mine.yaml', seen.replace('echo hello', 'echo goodbye'));
      const refused = await site.muster('apply', '-f', mine);
      expect(refused.code).toBe(5);
      expect(refused.stderr).toContain('others changed, from revision 7 to 8:');
      expect(refused.stderr).toContain('disabled: (none) → true');
      expect(refused.stderr).toContain('you would change, from revision 7:');
      expect(refused.stderr).toContain('settings.command: "echo hello" → "echo goodbye"');
    });

    it('finds what is in sequences and what they use, and checks documents without a site', async () => {
      const tool =
        'apiVersion: muster/v1\nkind: Package\nmetadata: {name: tool}\nspec: {programs: {setup: {command: ./setup}}}\n';
      const user = document(
        '    - {step: Set up, type: InstallPackage, settings: {package: tool, program: setup}}\n    - {sequence: harden}\n',
      );
      const path = file('user.yaml', `${tool}---\n${user.replace('name: harden', 'name: user')}`);
      expect(await site.muster('lint', path)).toMatchObject({ code: 0, stderr: expect.stringContaining('0 errors') });
      await site.ok('apply', '-f', path);
      expect(await site.ok('where-used', 'package/tool')).toBe(
        'USED BY   NODE     NOTES\nuser      Set up   program setup\n',
      );
      expect(await site.ok('where-used', 'ts/user')).toBe(
        'USES                  NODE     NOTES\npackage/tool          Set up   program setup\ntaskSequence/harden   harden\n',
      );
      expect(await site.ok('search', 'installpackage', 'tool')).toBe(
        'taskSequence/user\n  Set up  (type, reference)\n',
      );
      const schema = await fetch(`${site.url}/api/v1/task-sequences/-/schema.json`);
      expect([schema.status, schema.headers.get('content-type')]).toEqual([
        200,
        'application/schema+json; charset=utf-8',
      ]);
      const wrong = await site.muster('lint', file('wrong.yaml', user.replace('package: tool', 'pakage: tool')));
      expect(wrong.code).toBe(1);
      expect(wrong.stdout).toMatch(
        /wrong\.yaml:6:\d+: error sequence\.unknown-field \/spec\/steps\/0\/settings\/pakage: /,
      );
    });

    it('copies and renames, and refuses to rename what is used', async () => {
      expect(await site.ok('copy', 'harden', 'harden-old', '--revision', '1')).toBe(
        'taskSequence/harden-old created\n',
      );
      expect(await site.ok('revisions', 'harden-old')).toContain('Copied from harden, revision 1');
      expect((await site.muster('copy', 'harden', 'harden-old')).code).toBe(5);
      const used = await site.muster('rename', 'harden', 'harden-linux');
      expect(used.code).toBe(5);
      expect(used.stderr).toContain('TaskSequence "user" names it in the node "harden"');
      expect(await site.ok('rename', 'harden-old', 'older')).toBe('taskSequence/harden-old renamed to older\n');
      expect((await site.muster('get', 'ts', 'harden-old')).code).toBe(4);
      expect(await site.ok('get', 'ts', 'older', '-o', 'name')).toBe('taskSequence/older\n');
    });
  });

  describe('has templates, folders and locks, which', () => {
    beforeAll(async () => {
      await site.ok('apply', '-f', file('kit.yaml', kit));
    });

    it('make a sequence of a template, in a folder', async () => {
      const create = ['create', 'sequence', 'lab-pc', '--template', 'install-image', '--folder', '/lab/pcs'];
      const filled = [...create, '-p', 'image=windows-11', '-p', 'clientPackage=kit', '-p', 'workgroup=LAB'];
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
      const kept = await site.muster('delete', 'package/kit');
      expect([kept.code, kept.stderr]).toEqual([
        5,
        expect.stringContaining('TaskSequence "uses" names it in the node "Install"'),
      ]);
      await site.ok('delete', 'package/kit', '--force');
      await until(async () => (await site.ok('search', 'uses')).includes('names package/kit, which is not there'));
      expect(await site.ok('describe', 'ts', 'uses')).toContain('danglingReferences');
      await site.ok('create', 'sequence', 'base', '--template', 'custom');
      await site.ok('apply', '-f', file('kit.yaml', kit));
      await until(async () => !(await site.ok('describe', 'ts', 'uses')).includes('danglingReferences'));
    });

    it('delete a folder with everything in it', async () => {
      expect(await site.ok('folder', 'delete', '/test', '--recursive', '--dry-run=server')).toContain('(dry run)');
      expect(await site.ok('folder', 'delete', '/test', '--recursive')).toBe(
        'taskSequence/lab-pc deleted\nfolder /test/pcs deleted\nfolder /test deleted\n',
      );
    });
  });

  describe('has collections, which', () => {
    beforeAll(async () => {
      // In no order: what is named comes first.
      const patch = collectionOf(
        'patch',
        '{limitingCollection: all-devices, rules: [{include: web}, {exclude: canary}]}',
      );
      const [web, canary] = [
        collectionOf('web', '{rules: [{device: web-1}, {device: web-2}]}'),
        collectionOf('canary', '{rules: [{device: web-2}]}'),
      ];
      await site.ok('apply', '-f', file('all.yaml', [patch, web, canary, devices].join('---\n')));
    });

    it('say who is in, and why somebody is not', async () => {
      expect(await site.ok('collection', 'members', 'patch')).toBe('web-1\n');
      expect(await site.ok('collection', 'explain', 'patch', 'web-1')).toContain(
        'web-1 is in patch: /spec/rules/0 lets it in: it is a member of "web"',
      );
      expect(await site.muster('collection', 'explain', 'patch', 'web-2')).toMatchObject({
        code: 1,
        stdout: [
          'web-2 is not in patch: /spec/rules/1 keeps out the members of "canary", and it is one',
          '  ✓ /spec/rules/0  include web',
          '  ✓ /spec/rules/1  exclude canary',
          '  ✓ /spec/limitingCollection  all-devices',
          '',
        ].join('\n'),
      });
      expect(await site.muster('collection', 'explain', 'patch', 'nobody')).toMatchObject({ code: 4 });
    });

    it('show what a change would do before it is applied', async () => {
      const next = file('next.yaml', collectionOf('patch', '{rules: [{device: db-1}, {device: web-2}]}'));
      expect(await site.ok('collection', 'preview', '-f', next)).toBe(
        'patch would have 2 members: 2 would enter, 1 would leave\n  + db-1\n  + web-2\n  - web-1\n',
      );
      expect(await site.ok('collection', 'members', 'patch', '-o', 'json')).toContain('"web-1"');
      expect(await site.muster('collection', 'preview', '-f', file('devices.yaml', devices))).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('cli.not-a-collection'),
      });
      const circle = file('circle.yaml', collectionOf('web', '{rules: [{include: patch}]}'));
      expect(await site.muster('apply', '-f', circle)).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('web > patch > web'),
      });
    });

    it('are copied limited by the original, and deleted with what needs them and with their devices, when somebody says so', async () => {
      await site.ok('collection', 'copy', 'web', 'web-pilot');
      const settings = (name: string, collections: string) =>
        `apiVersion: muster/v1\nkind: ClientSettings\nmetadata: { name: ${name} }\nspec: { priority: 5, collections: [${collections}], settings: { usersMayStart: false } }\n`;
      await site.ok('apply', '-f', file('some.yaml', settings('some', 'web, patch')));
      await site.ok('apply', '-f', file('none.yaml', settings('only-web', 'web')));
      expect(await site.ok('collection', 'members', 'web-pilot')).toBe('web-1\nweb-2\n');
      expect(await site.ok('get', 'collection', 'web-pilot', '-o', 'yaml')).toContain('limitingCollection: web');
      expect(await site.muster('collection', 'copy', 'web', 'patch')).toMatchObject({ code: 5 });
      expect(await site.muster('collection', 'delete', 'web')).toMatchObject({
        code: 5,
        stderr: expect.stringMatching(
          /cli.collection-in-use: .*web-pilot \(limited by it\), collection\/patch \(includes it\)/,
        ),
      });
      expect(await site.muster('collection', 'delete', 'canary', '--cascade')).toMatchObject({
        code: 5,
        stderr: expect.stringContaining('cli.collection-excluded: patch excludes canary'),
      });
      const all = ['collection', 'delete', 'web', '--cascade', '--members'];
      expect(await site.ok(...all, '--dry-run')).toBe(
        [
          'would take web out of the rules of collection/patch',
          'would take web out of clientSettings/only-web',
          'would take web out of clientSettings/some',
          'would delete device/web-1',
          'would delete device/web-2',
          'would delete collection/web-pilot',
          'would delete collection/web',
          '',
        ].join('\n'),
      );
      expect(await site.muster(...all, '--confirm-devices', '3')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('web has 2 devices'),
      });
      await site.ok(...all, '--confirm-devices', '2');
      // Settings that are for nobody any more are gone; the others are for the rest.
      expect(await site.ok('get', 'client-settings', '-o', 'name')).toBe('clientSettings/some\n');
      expect(await site.ok('get', 'devices', '-o', 'name')).toBe('device/db-1\n');
      expect(await site.muster('get', 'collection', 'web')).toMatchObject({ code: 4 });
      expect(await site.ok('collection', 'members', 'patch')).toBe('');
    });
  });
});
