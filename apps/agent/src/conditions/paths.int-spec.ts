import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ComparisonOperator, WorldExpression } from '@muster/sequence/conditions/model.js';
import { answerProbe } from './probes.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'muster-paths-'));
  mkdirSync(join(root, 'folder'));
  writeFileSync(join(root, 'file'), 'x');
  symlinkSync(join(root, 'file'), join(root, 'link'));
  symlinkSync(join(root, 'nowhere'), join(root, 'dangling'));
  symlinkSync(join(root, 'folder'), join(root, 'link to folder'));
  const changed = new Date('2026-01-31T12:00:00.700Z');
  utimesSync(join(root, 'file'), changed, changed);
  utimesSync(join(root, 'folder'), changed, changed);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const code = async (question: WorldExpression): Promise<unknown> => {
  const answer = await answerProbe(question);
  return 'error' in answer ? answer.error.code : answer.result;
};

describe('a file or a folder', () => {
  it.each([
    ['file', true, false],
    ['link', true, false],
    ['folder', false, true],
    ['link to folder', false, true],
    ['dangling', false, false],
    ['nothing', false, false],
    ['file/below', false, false],
    ['x'.repeat(300), false, false],
  ])('%s: is it a file? %s; a folder? %s', async (name, isFile, isFolder) => {
    expect(await code({ file: join(root, name) })).toBe(isFile);
    expect(await code({ folder: join(root, name) })).toBe(isFolder);
  });

  it('may be a device', async () => {
    expect(await code({ file: '/dev/null' })).toBe(true);
  });

  it.each(['', 'relative', './x', 'C:\\Windows\\notepad.exe', '/a\0b'])(
    'cannot be looked for at %j, which is no absolute path here',
    async (path) => {
      expect(await code({ file: path })).toBe('condition.invalid-path');
      expect(await code({ folder: path })).toBe('condition.invalid-path');
    },
  );

  it('cannot be told where nobody may look, unless it is root who looks', async () => {
    const closed = join(root, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0);
    expect(await code({ file: join(closed, 'x') })).toBe(process.getuid?.() === 0 ? false : 'condition.probe-failed');
    expect(await code({ file: '/proc/self/task/0/x' })).toBe(false);
    rmSync(closed, { recursive: true, force: true });
  });
});

describe('the time of a change', () => {
  it.each<[ComparisonOperator, string, boolean]>([
    // The file was changed at 12:00:00.7 UTC; without a fraction whole seconds are compared.
    ['equals', '2026-01-31T12:00:00Z', true],
    ['equals', '2026-01-31T13:00:00+01:00', true],
    ['notEquals', '2026-01-31T12:00:00Z', false],
    ['greater', '2026-01-31T12:00:00Z', false],
    ['greater', '2026-01-31T12:00:00.6Z', true],
    ['less', '2026-01-31T12:00:00.700Z', false],
    ['lessEqual', '2026-01-31T12:00:00.700Z', true],
    ['less', '2026-01-31T12:00:01Z', true],
    ['greaterEqual', '2026-01-31T12:00:01Z', false],
  ])('%s %s is %s, in UTC', async (operator, value, expected) => {
    const modified = { operator, value };
    expect(await code({ file: join(root, 'file'), modified })).toBe(expected);
    expect(await code({ folder: join(root, 'folder'), modified })).toBe(expected);
  });

  it('of what does not exist is false, even for notEquals', async () => {
    const modified = { operator: 'notEquals' as const, value: '2026-01-31T12:00:00Z' };
    expect(await code({ file: join(root, 'nothing'), modified })).toBe(false);
  });

  it('is told with the answer', async () => {
    const modified = { operator: 'less' as const, value: '2020-01-01T00:00:00Z' };
    const answer = await answerProbe({ file: join(root, 'file'), modified });
    expect(answer).toEqual({ result: false, actual: '2026-01-31T12:00:00.700Z' });
  });
});
