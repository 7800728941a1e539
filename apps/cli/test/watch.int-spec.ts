import { deployment } from '@muster/contracts/kinds/deployment.js';
import { run } from '@muster/contracts/kinds/run.js';
import type { RunStatus } from '@muster/contracts/kinds/run.js';
import { until } from '@muster/testing/until.js';
import { runCli } from '../src/program.js';
import { captureTerminal, type CapturedTerminal } from './capture-terminal.js';
import { SiteOnPaper, TOKEN } from './site-on-paper.js';

const at = '2026-01-01T00:00:00.000Z';
const digest = `sha256:${'0'.repeat(64)}`;
let site: SiteOnPaper;
let deploymentUid: string;

beforeEach(async () => {
  site = await SiteOnPaper.start();
  deploymentUid = '';
  counts({ targeted: 2, waiting: 2 });
});
afterEach(() => site.stop());

function counts(
  devices: Partial<Record<'targeted' | 'running' | 'silent' | 'succeeded' | 'failed' | 'waiting', number>>,
): void {
  const spec = { sequence: 's', collection: 'c', purpose: 'Required' };
  const all = { targeted: 0, running: 0, succeeded: 0, failed: 0, waiting: 0, ...devices };
  deploymentUid = site.save(deployment, 'd', spec, { sequenceDigest: digest, devices: all }).metadata.uid;
}

function runs(
  name: string,
  state: RunStatus['state'],
  steps: Partial<RunStatus['steps'][number]>[],
  uid = deploymentUid,
) {
  const deviceUid = `00000000-0000-4000-8000-${name.padStart(12, '0').replaceAll(/[^0-9]/g, '0')}`;
  site.save(
    run,
    `run-${name}`,
    { device: name, deviceUid, deployment: 'd', deploymentUid: uid, sequence: 's', sequenceDigest: digest },
    {
      state,
      startedAt: at,
      ...(state === 'running' || state === 'silent' ? {} : { finishedAt: at, exitCode: state === 'failed' ? 7 : 0 }),
      totalSteps: steps.length,
      steps: steps.map((step, index) => ({ number: index + 2, path: `step ${index + 1}`, ...step })),
    },
  );
}

function start(argv: readonly string[]): { terminal: CapturedTerminal; exitCode: Promise<number> } {
  const terminal = captureTerminal({ MUSTER_SERVER: site.url, MUSTER_TOKEN: TOKEN, MUSTER_CONFIG: '/nonexistent' });
  return { terminal, exitCode: runCli(argv, terminal) };
}

describe('watch deployment', () => {
  it('shows every step of every device once and ends with 0 when all succeeded', async () => {
    const { terminal, exitCode } = start(['watch', 'deployment', 'd']);
    await until(() => site.watching === 1);
    runs('pc-1', 'running', [{ state: 'running' }]);
    runs('elsewhere', 'failed', [{ state: 'failed' }], '00000000-0000-4000-8000-00000000ffff');
    await until(() => terminal.stdout().includes('… step 1'));
    runs('pc-1', 'succeeded', [{ state: 'succeeded' }, { state: 'skipped', reason: 'disabled' }]);
    runs('pc-2', 'succeeded', [{ state: 'succeeded' }]);
    counts({ targeted: 2, succeeded: 2 });
    expect(await exitCode).toBe(0);
    const lines = terminal.stdout().split('\n');
    expect(lines.slice(0, -1)).toEqual([
      'pc-1  ▶ s (1 steps), run run-pc-1',
      'pc-1    … step 1',
      'pc-1    ✓ step 1',
      'pc-1    - step 2 (skipped: disabled)',
      'pc-1  ✓ succeeded in 0.0 s',
      'pc-2  ▶ s (1 steps), run run-pc-2',
      'pc-2    ✓ step 1',
      'pc-2  ✓ succeeded in 0.0 s',
    ]);
    expect(lines.at(-1)).toMatch(/^deployment\/d: 2 succeeded, 0 failed/);
  });

  it('ends with 1 when a device failed, and writes one JSON object per line', async () => {
    runs('pc-1', 'failed', [{ state: 'failed', exitCode: 7, reason: 'exit-code' }]);
    counts({ targeted: 1, failed: 1 });
    const { terminal, exitCode } = start(['watch', 'deployment/d', '-o', 'json']);
    expect(await exitCode).toBe(1);
    const events = terminal
      .stdout()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
    expect(events.map(({ event }) => event)).toEqual([
      'run-started',
      'step-finished',
      'run-finished',
      'deployment-finished',
    ]);
    expect(events[1]).toMatchObject({ device: 'pc-1', path: 'step 1', outcome: 'failed', exitCode: 7 });
    expect(events[3]).toEqual({
      event: 'deployment-finished',
      deployment: 'd',
      succeeded: 0,
      failed: 1,
      targeted: 1,
      notToRun: 0,
      silent: 0,
      expired: false,
    });
  });

  it('goes on behind a broken connection and an unavailable service, and tells nothing twice', async () => {
    const { terminal, exitCode } = start(['watch', 'deployment', 'd']);
    await until(() => site.watching === 1);
    runs('pc-1', 'running', [{ state: 'running' }]);
    await until(() => terminal.stdout().includes('… step 1'));
    site.mishaps.push(
      { match: /runs/, status: 503 },
      { match: /deployments/, status: 503 },
      { match: /runs/, status: 0, hangUp: true },
    );
    site.breakStreams();
    runs('pc-1', 'succeeded', [{ state: 'succeeded' }]);
    counts({ targeted: 1, succeeded: 1 });
    expect(await exitCode).toBe(0);
    expect(terminal.stdout().match(/step 1/g)).toHaveLength(2);
    expect(terminal.stderr()).toContain('note: the connection broke');
  });

  it('waits for the first device of an empty collection, saying so', async () => {
    counts({});
    const { terminal, exitCode } = start(['watch', 'deployment', 'd']);
    await until(() => terminal.stderr() !== '');
    expect(terminal.stderr()).toBe('note: collection "c" has no device; waiting for one');
    runs('pc-1', 'succeeded', [{ state: 'succeeded' }]);
    counts({ targeted: 1, succeeded: 1 });
    expect(await exitCode).toBe(0);
  });

  it('does not wait for ever for what fell silent: says so, and ends with 1', async () => {
    const { terminal, exitCode } = start(['watch', 'deployment', 'd']);
    await until(() => site.watching === 1);
    runs('pc-1', 'running', [{ state: 'running' }]);
    await until(() => terminal.stdout().includes('… step 1'));
    runs('pc-1', 'silent', [{ state: 'silent' }]);
    await until(() => terminal.stdout().includes('pc-1  ? nothing was heard of it for a day'));
    counts({ targeted: 2, silent: 1, succeeded: 1 });
    expect(await exitCode).toBe(1);
    expect(terminal.stdout()).toContain('deployment/d: 1 succeeded, 0 failed, 1 silent, watched for');
    expect(terminal.stdout().match(/step 1/g)).toHaveLength(1);
  });

  it('gives up after the timeout', async () => {
    const { terminal, exitCode } = start(['watch', 'deployment', 'd', '--timeout', '1']);
    expect(await exitCode).toBe(1);
    expect(terminal.stderr()).toContain('error: watch.timeout: it was not over after 1 s');
  });

  it('ends with 4 when there is no such deployment, or it is deleted meanwhile', async () => {
    expect(await start(['watch', 'deployment', 'nope']).exitCode).toBe(4);
    const { terminal, exitCode } = start(['watch', 'deployment', 'd']);
    await until(() => site.watching === 1);
    expect(await start(['delete', 'deployment', 'd']).exitCode).toBe(0);
    expect(await exitCode).toBe(4);
    expect(terminal.stderr()).toContain('watch.deleted');
  });

  it('ends with 130 when interrupted', async () => {
    const { terminal, exitCode } = start(['watch', 'deployment', 'd']);
    await until(() => site.watching === 1);
    terminal.interrupt();
    expect(await exitCode).toBe(130);
    expect(terminal.stderr()).toBe('');
  });
});

describe('watch run', () => {
  it('shows the steps of one run until its end', async () => {
    runs('pc-1', 'running', [{ state: 'running' }]);
    const { terminal, exitCode } = start(['watch', 'run', 'run-pc-1']);
    await until(() => site.watching === 1);
    runs('pc-1', 'failed', [{ state: 'failed', exitCode: 7 }]);
    expect(await exitCode).toBe(1);
    expect(terminal.stdout().split('\n')).toEqual([
      'pc-1  ▶ s (1 steps), run run-pc-1',
      'pc-1    … step 1',
      'pc-1    ✗ step 1 (exit code 7)',
      'pc-1  ✗ failed in 0.0 s',
    ]);
  });

  it('that has ended already is shown at once', async () => {
    runs('pc-1', 'succeeded', [{ state: 'succeeded' }]);
    expect(await start(['watch', 'run', 'run-pc-1']).exitCode).toBe(0);
  });
});
