import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderLock } from '../src/folder/lock.js';

/** The lock of a process that cannot live: no process of Linux has a number as high. */
const dead = (token: string) =>
  JSON.stringify({
    token,
    pid: 4_194_304,
    host: hostname(),
    startTicks: '1',
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  });

describe('the lock of a store folder', () => {
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'muster-store-lock-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('goes to exactly one of many that want it at once, whether it is free or its owner is dead', async () => {
    for (let round = 0; round < 60; round += 1) {
      if (round % 3 > 0) writeFileSync(join(folder, 'lock'), dead(`round-${round}`));
      const answers = await Promise.allSettled(Array.from({ length: 8 }, () => FolderLock.acquire(folder)));
      const locks = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
      const refusals = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as object] : []));
      expect([round, locks.length]).toEqual([round, 1]);
      expect(refusals).toEqual(refusals.map(() => expect.objectContaining({ code: 'store.locked' })));
      expect(readdirSync(folder)).toEqual(['lock']);
      locks[0]?.release();
    }
  });
});
