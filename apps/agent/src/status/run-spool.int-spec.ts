import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '@muster/contracts/digest.js';
import type { StepReport } from '@muster/sequence/report.js';
import { mayMount, SmallDisk } from '@muster/testing/small-disk.js';
import { pino } from 'pino';
import { RunSpool } from './run-spool.js';
import { Spool } from './spool.js';

const itOnDisk = mayMount() ? it : it.skip;

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-spool-'));
  path = join(folder, 'run-1.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const owner = {
  runId: 'run-1',
  deploymentUid: '0193e7a0-0000-7000-8000-0000000000d1',
  sequenceDigest: digestOf('a revision'),
};
const report = (number: number): StepReport => ({ event: 'step-started', runId: 'run-1', number, at: 'now' });
const numbers = (spool: RunSpool | undefined): number[] => [...(spool?.oldest() ?? [])].map(({ number }) => number);

function filled(count: number): RunSpool {
  const spool = RunSpool.create(path, owner);
  for (let number = 1; number <= count; number += 1) spool.append(report(number));
  spool.close();
  return spool;
}

describe('the spool of a run', () => {
  it('gives every report again after a restart, in order', () => {
    filled(3);
    expect(numbers(RunSpool.open(path))).toEqual([1, 2, 3]);
  });

  it('drops what a resumed run tells again, by number, also after it was acknowledged and left the disk', () => {
    filled(3).acknowledge([1, 2, 3]);
    const again = RunSpool.open(path);
    for (let number = 1; number <= 4; number += 1) again?.append(report(number));
    expect(numbers(again)).toEqual([4]);
    again?.close();
  });

  itOnDisk('has nothing of a report that found no room, and takes it once there is some', () => {
    const disk = SmallDisk.mount(64 * 4096);
    try {
      path = join(disk.folder, 'run-1.jsonl');
      const spool = RunSpool.create(path, owner);
      const long = (number: number): StepReport => ({ ...report(number), message: 'x'.repeat(3000) });
      disk.fill(2 * 4096);
      let number = 0;
      const fillUp = (): void => {
        for (;;) spool.append(long((number += 1)));
      };
      expect(fillUp).toThrow(/ENOSPC/);
      expect(number).toBeGreaterThan(1);
      disk.free();
      spool.append(long(number));
      spool.close();
      expect(numbers(RunSpool.open(path))).toEqual(Array.from({ length: number }, (_, index) => index + 1));
    } finally {
      disk.unmount();
    }
  });

  it('refuses a gap in the numbers', () => {
    expect(() => filled(1).append(report(3))).toThrow(/report 3 .* came after 1/);
  });

  it('cuts off a line that a crash tore, and goes on behind the last whole one', () => {
    filled(2);
    appendFileSync(path, '{"event":"step-fin');
    const spool = RunSpool.open(path);
    expect(numbers(spool)).toEqual([1, 2]);
    spool?.append(report(3));
    spool?.close();
    expect(numbers(RunSpool.open(path))).toEqual([1, 2, 3]);
  });

  it('keeps what was not acknowledged when only later ones were', () => {
    filled(3).acknowledge([2]);
    expect(numbers(RunSpool.open(path))).toContain(1);
    filled(3).acknowledge([1, 2]);
    expect(numbers(RunSpool.open(path))).toContain(3);
  });

  it('leaves acknowledged reports off the disk in the end', () => {
    filled(450).acknowledge(Array.from({ length: 300 }, (_, index) => index + 1));
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(151);
    expect(numbers(RunSpool.open(path))[0]).toBe(301);
  });
});

describe('the spool', () => {
  const logger = pino({ level: 'silent' });

  it('sets a damaged file aside and goes on', () => {
    writeFileSync(path, 'no spool\n');
    const spool = new Spool(folder, logger);
    expect(spool.size).toBe(0);
    expect(readdirSync(folder)).toEqual(['run-1.jsonl.damaged']);
  });

  it('gives batches in number order, bounded by count and by bytes, never an empty one', () => {
    filled(5);
    const spool = new Spool(folder, logger);
    const taken = (count: number, bytes: number): number[] => spool.batch(count, bytes).map((one) => one.report.number);
    expect(taken(3, 1e6)).toEqual([1, 2, 3]);
    expect(taken(500, 500)).toEqual([1, 2]);
    expect(taken(500, 1)).toEqual([1]);
  });

  it('says with every report whose it is and which revision ran, also after a restart and when old ones are gone', () => {
    filled(450).acknowledge(Array.from({ length: 300 }, (_, index) => index + 1));
    const { deploymentUid, sequenceDigest } = owner;
    const [first] = new Spool(folder, logger).batch(1, 1e6);
    expect(first).toEqual({ deploymentUid, sequenceDigest, report: report(301) });
  });

  it('takes up a file of an earlier agent, which did not note the revision', () => {
    const { deploymentUid } = owner;
    RunSpool.create(path, { runId: 'run-1', deploymentUid }).append(report(1));
    expect(new Spool(folder, logger).batch(1, 1e6)).toEqual([{ deploymentUid, report: report(1) }]);
  });

  it('removes the file of a run that has ended once all of it is acknowledged', () => {
    filled(2);
    const spool = new Spool(folder, logger);
    spool.removeEnded(() => true);
    expect(existsSync(path)).toBe(true);
    spool.acknowledge([report(1), report(2)]);
    spool.removeEnded(() => false);
    expect(existsSync(path)).toBe(true);
    spool.removeEnded(() => true);
    expect(existsSync(path)).toBe(false);
  });
});
