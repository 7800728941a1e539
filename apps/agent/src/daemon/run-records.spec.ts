import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '@muster/contracts/digest.js';
import { stateFolder } from '../identity/state-folder.js';
import { type EndedRun, remembered, RunRecords } from './run-records.js';

const ended = (number: number, deployment: string): EndedRun => ({
  runId: `run-${number}`,
  deployment: { uid: deployment, name: deployment, generation: 1 },
  result: 'failed',
  exitCode: 1,
  message: 'why',
  startedAt: '2026-11-27T00:00:00Z',
  endedAt: '2026-11-27T00:01:00Z',
});

describe('what is remembered of ended runs', () => {
  it('is all of the newest, and of older ones the last of each deployment without its words', () => {
    const history = [ended(1, 'a'), ended(2, 'a'), ended(3, 'b'), ended(4, 'c'), ended(5, 'c')];
    const kept = remembered(history, 2);
    expect(kept.map(({ runId }) => runId)).toEqual(['run-2', 'run-3', 'run-4', 'run-5']);
    expect(kept.map(({ message }) => message)).toEqual([undefined, undefined, 'why', 'why']);
    expect(remembered(kept, 2)).toEqual(kept);
  });

  it('has an end also where deployments come and go for ever', () => {
    const history = Array.from({ length: 20 }, (_, number) => ended(number, `deployment-${number}`));
    expect(remembered(history, 2, 5).map(({ runId }) => runId)).toEqual([
      'run-15',
      'run-16',
      'run-17',
      'run-18',
      'run-19',
    ]);
  });
});

describe('the records of a computer that runs something every hour', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'muster-records-'));
    mkdirSync(join(root, 'runs'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('do not grow, and still say how each deployment ended last', () => {
    const folder = stateFolder(root);
    const records = new RunRecords(folder);
    const run = (number: number, uid: string): void => {
      const deployment = { uid, name: uid, generation: 1 };
      const record = records.begin(`run-${number}`, { deployment, body: digestOf('b'), purpose: 'Required' });
      records.end(record, { result: uid === 'once' ? 'failed' : 'succeeded', exitCode: 0 });
    };
    run(0, 'once');
    for (let number = 1; number <= 130; number += 1) run(number, 'hourly');
    expect(JSON.parse(readFileSync(folder.history, 'utf8')).runs).toHaveLength(101);
    const again = new RunRecords(folder);
    expect(again.unfinished).toEqual([]);
    expect(again.lastRun('once')).toMatchObject({ runId: 'run-0', result: 'failed' });
    expect(again.lastRun('hourly')).toMatchObject({ runId: 'run-130', result: 'succeeded' });
    expect(existsSync(records.folderOf('run-1'))).toBe(false);
  });
});
