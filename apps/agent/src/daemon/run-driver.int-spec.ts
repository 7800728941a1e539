import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyBody } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import type { SequenceNode } from '@muster/sequence/model.js';
import { pino } from 'pino';
import { Agent } from 'undici';
import { ContentCache } from '../content/content-cache.js';
import { Bell } from '../http/backoff.js';
import { lockStateFolder } from '../identity/lock-state-folder.js';
import { type StateFolder, stateFolder } from '../identity/state-folder.js';
import { Spool } from '../status/spool.js';
import { FirstPrograms } from './first-programs.js';
import type { RestartPlan } from '../restart/last-restart.js';
import { type DriveResult, RunDriver } from './run-driver.js';
import { RunRecords } from './run-records.js';

const runId = '0193e7a0-0000-7000-8000-000000000001';
let folder: string;
let state: StateFolder;
beforeEach(() => {
  // Not in a folder that may lie in memory: a restart would be refused there.
  folder = mkdtempSync('/var/tmp/muster-run-driver-');
  state = stateFolder(join(folder, 'state'));
  lockStateFolder(state).release();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const shell = (step: string, command: string): SequenceNode => ({
  step,
  type: 'RunCommandLine',
  settings: { command: `echo ${step} >> ${folder}/ran; ${command}`, shell: true },
});
const lines = (file: string): string[] =>
  existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').trim().split('\n') : [];

function body(steps: SequenceNode[]): PolicyBody {
  const spec = { steps };
  return { version: 1, sequence: { name: 'demo', digest: digestOf(spec), spec }, packages: {} };
}

let lastRestart: RestartPlan | 'now' = 'now';
beforeEach(() => (lastRestart = 'now'));

/** A new agent on the same state folder goes on with the run, or begins it. `ready`: before it does. */
async function drive(policy: PolicyBody, ready: () => void = () => undefined): Promise<DriveResult> {
  const records = new RunRecords(state);
  const logger = pino({ level: 'silent' });
  const digest = digestOf(policy);
  const deployment = { uid: '0193e7a0-0000-7000-8000-00000000000a', name: 'demo', generation: 1 };
  const record = records.unfinished[0] ?? records.begin(runId, { deployment, purpose: 'Required', body: digest });
  const nobody = (): Promise<never> => Promise.reject(new Error('no content is needed'));
  const locator = { contentLocations: nobody, contentFaults: nobody };
  const spool = new Spool(state.reports, logger);
  const driver = new RunDriver({
    records,
    spool,
    variables: () => ({ device: [], collections: [] }),
    sealingKey: generateKeyPairSync('x25519').privateKey,
    identity: { site: 'S01', deviceUid: '0193e7a0-0000-7000-8000-00000000000b', server: 'http://127.0.0.1:1' },
    cache: new ContentCache({ folder: state.cache, locator, dispatcher: new Agent() }),
    logger,
    news: new Bell(),
    tellCommand: ['true'],
    settings: () => ({}),
    lastRestart: () => {
      const now = { kind: 'countdown', ends: Date.now(), finalMilliseconds: 0, isTold: false, snoozed: false } as const;
      return lastRestart === 'now' ? now : lastRestart;
    },
    snoozeNoted: () => undefined,
    firstPrograms: new FirstPrograms(state.firstPrograms),
    stopped: () => undefined,
    restart: { policy: 'allow', command: ['/bin/sh', '-c', `echo asked >> ${folder}/asked`] },
  });
  ready();
  try {
    return await driver.drive(record, policy, new AbortController().signal);
  } finally {
    spool.close();
  }
}

/** As if the computer had been started anew since: only the note of the boot is another one. */
const restartComputer = (): void => writeFileSync(join(state.runs, runId, 'boot-id'), 'an earlier boot');

function mount(...argv: string[]): boolean {
  return spawnSync('mount', argv).status === 0;
}
const mayMount = ((): boolean => {
  const place = mkdtempSync('/var/tmp/muster-run-driver-');
  try {
    return mount('-t', 'tmpfs', 'tmpfs', place) && spawnSync('umount', [place]).status === 0;
  } finally {
    rmSync(place, { recursive: true });
  }
})();
if (!mayMount) process.stderr.write('SKIPPED: a disk that fails needs the right to mount one (root)\n');

describe('the driver of a run', () => {
  it('does not begin a run again whose journal is gone, and says so', async () => {
    const policy = body([shell('one', 'exit 194'), shell('two', ':')]);
    expect(await drive(policy)).toBe('restart-pending');
    rmSync(join(state.runs, runId, 'journal.jsonl'));
    restartComputer();
    expect(await drive(policy)).toBe('ended');
    expect(new RunRecords(state).ended).toMatchObject([{ runId, result: 'failed', code: 'journal.removed' }]);
    expect(lines('ran')).toEqual(['one']);
  });

  it('lets a run wait for its last restart beyond its maximum run time, and ends it when the computer was restarted', async () => {
    const policy = body([shell('one', 'exit 194')]);
    lastRestart = { kind: 'later', lookAgain: undefined };
    expect(await drive(policy)).toEqual({ lookAgain: undefined });
    const path = join(state.runs, runId, 'run.json');
    const record = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...record, startedAt: '2020-01-01T00:00:00.000Z' }));
    expect(await drive(policy)).toEqual({ lookAgain: undefined });
    restartComputer();
    expect([await drive(policy), lines('ran'), lines('asked')]).toEqual(['ended', ['one'], []]);
    expect(new RunRecords(state).ended).toMatchObject([{ result: 'succeeded' }]);
  });

  (mayMount ? it : it.skip)('takes no restart for done that was asked for in this boot', async () => {
    const ask: SequenceNode = {
      step: 'ask',
      type: 'SetTaskSequenceVariable',
      settings: { name: 'SMSTSRebootRequested', value: 'HD' },
    };
    const policy = body([shell('one', 'exit 194'), ask, shell('three', ':')]);
    expect(mount('-t', 'tmpfs', 'tmpfs', state.reports)).toBe(true);
    try {
      expect([await drive(policy), lines('asked').length]).toEqual(['restart-pending', 1]);
      restartComputer();
      // The journal has it that the second restart is wanted, and then nothing can be told.
      const result = await drive(policy, () => expect(mount('-o', 'remount,ro', state.reports)).toBe(true));
      expect([result, lines('asked').length]).toEqual(['later', 1]);
      expect(mount('-o', 'remount,rw', state.reports)).toBe(true);
      expect([await drive(policy), lines('asked').length, lines('ran')]).toEqual(['restart-pending', 2, ['one']]);
      restartComputer();
      expect([await drive(policy), lines('ran')]).toEqual(['ended', ['one', 'three']]);
    } finally {
      expect(spawnSync('umount', ['-l', state.reports]).status).toBe(0);
    }
  });
});
