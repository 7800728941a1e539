import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../apps/cli/src/program.js';
import { captureTerminal } from '../../apps/cli/test/capture-terminal.js';
import { ContentUnderTest, Gate } from '../../apps/content/test/content-under-test.js';

describe('all content at a place, on the command line,', () => {
  let content: ContentUnderTest;
  let gate: Gate;
  let folder: string;

  beforeAll(async () => {
    content = await ContentUnderTest.start();
    gate = new Gate(Number(new URL(await content.secondEndpoint()).port));
    await gate.open();
    await content.applyOwnPoint('east');
    await content.makeBucket(await content.secondEndpoint(), 'point-west');
    await content.applyPoint('west', gate.endpoint, { bucket: 'point-west' });
    await content.apply('DistributionPointGroup', 'distribution-point-groups', 'branches', { points: ['east'] });
    folder = mkdtempSync(join(tmpdir(), 'muster-places-'));
    for (const name of ['one', 'two']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'file'), randomBytes(2000));
      await content.apply('Package', 'packages', name, {});
      await muster('content', 'upload', name, join(folder, name));
    }
    const sent = await muster('content', 'distribute', 'one', '--to-group', 'branches', '--to', 'west');
    expect(sent).toMatchObject({ exitCode: 0, out: expect.stringContaining('is available on west, east') });
    expect(await muster('content', 'distribute', 'two', '--to', 'west')).toMatchObject({ exitCode: 0 });
  });

  afterAll(async () => {
    await gate?.shut();
    await content?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function muster(...argv: string[]) {
    const terminal = captureTerminal({
      MUSTER_SERVER: new URL(content.url).origin,
      MUSTER_TOKEN: content.token,
      MUSTER_CONFIG: '/nonexistent',
    });
    return { exitCode: await runCli(argv, terminal), out: terminal.stdout(), error: terminal.stderr() };
  }

  it('is shown, one line for each content and point', async () => {
    const { out } = await muster('content', 'status');
    const rows = out.split('\n').map((line) => line.split(/ {3,}/).slice(0, 4));
    expect(rows).toEqual([
      ['DISTRIBUTION', 'POINT', 'VERSION', 'STATE'],
      ['one', 'east', '1', 'available'],
      ['one', 'west', '1', 'available'],
      ['two', 'west', '1', 'available'],
    ]);
    const inGroup = await muster('content', 'status', '--at-group', 'branches');
    expect(inGroup.out.split('\n')).toHaveLength(2);
  });

  it('is validated and rewritten there and nowhere else', async () => {
    const validated = await muster('content', 'validate', '--everything', '--at-group', 'branches');
    expect(validated).toEqual({
      exitCode: 0,
      out: 'distribution/one: 2 objects read, 0 repaired, 0 bad',
      error: '',
    });
    const rewritten = await muster('content', 'redistribute', '--everything', '--at', 'west');
    expect(rewritten.out.split('\n')).toEqual([
      'distribution/one: 2 objects will be written again, 0 transfers begin again',
      'distribution/two: 2 objects will be written again, 0 transfers begin again',
    ]);
    expect(await muster('content', 'validate', '--everything', '--at', 'west')).toMatchObject({ exitCode: 0 });
    expect(await muster('content', 'cancel', '--everything')).toMatchObject({
      exitCode: 0,
      error: 'there is nothing to cancel there',
    });
  });

  it.each([
    ['a point that there is not', ['validate', '--everything', '--at', 'nowhere'], 4, 'resource.not-found'],
    ['neither content nor everything', ['redistribute', '--at', 'west'], 2, 'cli.usage'],
    ['both', ['cancel', 'one', '--everything'], 2, 'cli.usage'],
    ['a group whose points do not have it', ['validate', 'two', '--at-group', 'branches'], 4, 'content.not-there'],
    ['removing from everywhere', ['remove', '--everything'], 2, 'cli.usage'],
  ])('is refused for %s', async (_what, argv, exitCode, code) => {
    const refused = await muster('content', ...argv);
    expect(refused).toMatchObject({ exitCode, error: expect.stringContaining(`error: ${code}: `) });
  });

  it('is not said to be read where the store does not answer', async () => {
    await gate.shut();
    expect(await muster('content', 'validate', 'two')).toEqual({
      exitCode: 1,
      out: 'distribution/two: 0 objects read, 0 repaired, 0 bad',
      error: expect.stringContaining('content.not-validated: of "two" not everything could be read at west'),
    });
    await gate.open();
  });

  it('is taken away from there, and stays where it also goes', async () => {
    const tried = await muster('content', 'remove', '--everything', '--from', 'west', '--dry-run=server');
    const outcome = ['distribution/one configured', 'distribution/two deleted: it named no other place'];
    expect(tried.out.split('\n')).toEqual(outcome.map((line) => `${line} (dry run)`));
    const removed = await muster('content', 'remove', '--everything', '--from', 'west');
    expect(removed.out.split('\n')).toEqual(outcome);
    expect((await content.progress('one')).map(({ point }) => point)).toEqual(['east']);
  });
});
