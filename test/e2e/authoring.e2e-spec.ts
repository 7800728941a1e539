import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RevisionDifference } from '@muster/contracts/kinds/sequence-revision.js';
import { SiteUnderTest } from './site-under-test.js';

const document = (steps: string) =>
  `apiVersion: muster/v1\nkind: TaskSequence\nmetadata: {name: harden}\nspec:\n  steps:\n${steps}`;
const first = document(`    - group: Prepare
      steps:
        - {step: Install hello, type: RunCommandLine, settings: {command: echo hello}}
        - {step: Join, type: JoinDomain, settings: {kind: domain, domain: example.org, account: 'E\\joe', password: pass-1}}
`);

describe('authoring a sequence on the command line, on a whole site,', () => {
  let site: SiteUnderTest;
  const file = (name: string, text: string) => {
    const path = join(site.folder, name);
    writeFileSync(path, text);
    return path;
  };

  beforeAll(async () => {
    site = await SiteUnderTest.withDatabase();
    await site.up();
    await site.ok('apply', '-f', file('harden.yaml', first), '--comment', 'The beginning ✓');
  });

  afterAll(async () => {
    await site?.remove();
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
    expect(await site.ok('search', 'installpackage', 'tool')).toBe('taskSequence/user\n  Set up  (type, reference)\n');
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
    expect(await site.ok('copy', 'harden', 'harden-old', '--revision', '1')).toBe('taskSequence/harden-old created\n');
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
