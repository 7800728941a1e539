import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SiteUnderTest } from './site-under-test.js';

const devices = ['web-1', 'web-2', 'db-1']
  .map((name) => `apiVersion: muster/v1\nkind: Device\nmetadata: {name: ${name}}\nspec: {}\n`)
  .join('---\n');
const collectionOf = (name: string, spec: string) =>
  `apiVersion: muster/v1\nkind: Collection\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

describe('collections on the command line, on a whole site,', () => {
  let site: SiteUnderTest;
  const file = (name: string, text: string) => {
    const path = join(site.folder, name);
    writeFileSync(path, text);
    return path;
  };

  beforeAll(async () => {
    site = await SiteUnderTest.withDatabase();
    await site.up();
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

  afterAll(async () => {
    await site?.remove();
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
