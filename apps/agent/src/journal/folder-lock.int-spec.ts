import { type ChildProcess, execFileSync, fork, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { currentBootId } from '../facts/boot-id.js';
import { FolderLock, startOf } from './folder-lock.js';

const repository = join(import.meta.dirname, '../../../..');
const starters = 6;
/** An owner that cannot live: no process of Linux has an id as high. */
const dead = '4194304 1';
jest.setTimeout(120_000);

/**
 * A process that wants folders. `take`: once, at a moment that all of them wait for. `churn`: again and again; in each turn
 * it proves by a file that cannot be made twice that it is alone, and every third time it leaves a lock as of a dead process.
 */
const starter = `
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { FolderLock } from './journal/folder-lock.js';
let lock;
function take(folder) {
  try {
    lock = FolderLock.take(folder);
    return 'won';
  } catch (error) {
    return error.code ?? String(error);
  }
}
function churn(folder, turns) {
  const answers = { won: 0, overlaps: 0, others: [] };
  for (let turn = 0; turn < turns; turn += 1) {
    const answer = take(folder);
    if (answer === 'journal.in-use') continue;
    if (answer !== 'won') {
      answers.others.push(answer);
      continue;
    }
    answers.won += 1;
    try {
      writeFileSync(folder + '/alone', '', { flag: 'wx' });
      rmSync(folder + '/alone');
    } catch {
      answers.overlaps += 1;
    }
    if (turn % 3 === 0) {
      const dead = folder + '/dead-' + process.pid;
      writeFileSync(dead, '4194304 1 ' + process.pid + '-' + turn);
      renameSync(dead, folder + '/lock');
    } else lock.release();
  }
  return answers;
}
process.on('message', ({ act, folder, at, turns }) => {
  while (Date.now() < at);
  if (act === 'take') process.send(take(folder));
  else if (act === 'churn') process.send(churn(folder, turns));
  else {
    lock?.release();
    lock = undefined;
    process.send('released');
  }
});
`;

/** A process that is killed right before its first `link` or `rename`. */
const dying = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const [, , folder, step] = process.argv;
fs[step + 'Sync'] = () => process.kill(process.pid, 'SIGKILL');
syncBuiltinESMExports();
const { FolderLock } = await import('./journal/folder-lock.js');
FolderLock.take(folder);
`;

let dist: string;
let folder: string;
let children: ChildProcess[] = [];

beforeAll(() => {
  dist = mkdtempSync(join(tmpdir(), 'muster-folder-lock-'));
  const swc = join(repository, 'node_modules/.bin/swc');
  const options = ['-d', dist, '--config-file', join(repository, 'swc.build.json'), '--quiet'];
  execFileSync(swc, ['journal', 'facts/boot-id.ts', ...options], { cwd: join(import.meta.dirname, '..') });
  writeFileSync(join(dist, 'package.json'), '{"type":"module"}');
  writeFileSync(join(dist, 'starter.js'), starter);
  writeFileSync(join(dist, 'dying.js'), dying);
  children = Array.from({ length: starters }, () => fork(join(dist, 'starter.js')));
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(dist, { recursive: true, force: true });
});
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'muster-locked-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Sends the same to all at once; what they answer. */
async function all<Answer>(message: Readonly<Record<string, unknown>>): Promise<Answer[]> {
  const at = Date.now() + 30;
  return Promise.all(
    children.map((child) => {
      const answer = new Promise<Answer>((resolve) => child.once('message', (value) => resolve(value as Answer)));
      child.send({ folder, at, ...message });
      return answer;
    }),
  );
}

const one = ['won', ...Array.from({ length: starters - 1 }, () => 'journal.in-use')].sort();

describe('the lock of a folder', () => {
  it('goes to exactly one of many processes that want it at once, whether it is free or its owner is dead', async () => {
    for (let round = 0; round < 30; round += 1) {
      if (round % 2 === 0) writeFileSync(join(folder, 'lock'), round % 4 === 0 ? `${dead} ${round}` : '');
      expect((await all<string>({ act: 'take' })).sort()).toEqual(one);
      await all({ act: 'release' });
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it('has one owner at any time while many take it, release it and die with it', async () => {
    const answers = await all<{ won: number; overlaps: number; others: string[] }>({ act: 'churn', turns: 2000 });
    expect(answers.map(({ overlaps, others }) => [overlaps, others])).toEqual(answers.map(() => [0, []]));
    // All of them had it, so they did meet.
    expect(answers.every(({ won }) => won > 0)).toBe(true);
    FolderLock.take(folder).release();
    expect(readdirSync(folder).filter((name) => name.startsWith('lock'))).toEqual([]);
  });

  it('goes on where a process died while it took the lock of a dead one over, and leaves nothing behind', () => {
    writeFileSync(join(folder, 'lock'), `${dead} first`);
    // As many deaths as there are steps on the way: each leaves what the next one has to get past.
    const remains: string[] = [];
    for (const step of ['link', 'rename', 'rename', 'link']) {
      const before = readdirSync(folder);
      expect(spawnSync(process.execPath, [join(dist, 'dying.js'), folder, step]).signal).toBe('SIGKILL');
      remains.push(...readdirSync(folder).filter((name) => !before.includes(name)));
    }
    expect(remains.length).toBeGreaterThan(0);
    const lock = FolderLock.take(folder);
    expect(readdirSync(folder)).toEqual(['lock']);
    expect(readFileSync(join(folder, 'lock'), 'utf8')).toMatch(new RegExp(`^${process.pid} `));
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is dead when its owner lived in another boot, though a process of the same id and start is there now', () => {
    const me = `${process.pid} ${startOf(process.pid) ?? ''}`;
    const boot = currentBootId() ?? '';
    for (const [owner, alive] of [
      [`${me} token ${boot}`, true],
      // As agents before wrote it.
      [`${me} token`, true],
      [`${me} token 00000000-0000-0000-0000-000000000000`, false],
    ] as const) {
      writeFileSync(join(folder, 'lock'), owner);
      if (alive) expect(() => FolderLock.take(folder)).toThrow(expect.objectContaining({ code: 'journal.in-use' }));
      else FolderLock.take(folder).release();
    }
    expect(boot).not.toBe('');
  });

  it('is not released by one that has released it before', () => {
    const first = FolderLock.take(folder);
    first.release();
    const second = FolderLock.take(folder);
    first.release();
    expect(() => FolderLock.take(folder)).toThrow(expect.objectContaining({ code: 'journal.in-use' }));
    second.release();
  });
});
