import type { RunStatus, RunStep } from '@muster/contracts/kinds/run.js';
import { eventLines } from './event-lines.js';
import { RunEvents, type RunResource } from './run-events.js';

const at = '2026-01-01T00:00:00.000Z';
const later = '2026-01-01T00:00:01.500Z';

function run(version: number, status: Partial<RunStatus>, steps: Partial<RunStep>[] = []): RunResource {
  return {
    apiVersion: 'muster/v1',
    kind: 'Run',
    metadata: {
      name: 'r1',
      uid: '00000000-0000-4000-8000-000000000001',
      resourceVersion: String(version),
      generation: 1,
      createdAt: at,
      updatedAt: at,
    },
    spec: {
      device: 'web',
      deviceUid: '00000000-0000-4000-8000-000000000002',
      deployment: 'd',
      deploymentUid: '00000000-0000-4000-8000-000000000003',
      sequence: 's',
      sequenceDigest: `sha256:${'0'.repeat(64)}`,
    },
    status: {
      state: 'running',
      startedAt: at,
      ...status,
      steps: steps.map((step, index) => ({ number: index + 2, path: 'a', state: 'running', ...step })),
    },
  };
}

const names = (events: readonly { event: string }[]) => events.map(({ event }) => event);

describe('what happened in a run', () => {
  it('is told once, however often and in whatever portions the run is seen', () => {
    const events = new RunEvents();
    expect(names(events.take(run(1, { totalSteps: 2 })))).toEqual(['run-started']);
    expect(names(events.take(run(2, {}, [{ path: 'a' }])))).toEqual(['step-started']);
    expect(names(events.take(run(2, {}, [{ path: 'a' }])))).toEqual([]);
    const done: Partial<RunStep>[] = [
      { path: 'a', state: 'succeeded', finishedAt: later },
      { path: 'b', state: 'skipped', reason: 'condition-false' },
    ];
    expect(names(events.take(run(4, { state: 'succeeded', exitCode: 0 }, done)))).toEqual([
      'step-finished',
      'step-finished',
      'run-finished',
    ]);
    expect(events.take(run(4, { state: 'succeeded' }, done))).toEqual([]);
  });

  it('never goes back when an older state comes late', () => {
    const events = new RunEvents();
    events.take(run(9, { state: 'succeeded' }, [{ path: 'a', state: 'succeeded', finishedAt: later }]));
    expect(events.take(run(3, {}, [{ path: 'a' }]))).toEqual([]);
  });

  it('is told in the order of the reports', () => {
    const found = new RunEvents().take(
      run(1, {}, [
        { path: 'second', number: 5, state: 'succeeded' },
        { path: 'first', number: 2, state: 'failed' },
      ]),
    );
    expect(found.map((event) => ('path' in event ? event.path : event.event))).toEqual([
      'run-started',
      'first',
      'second',
    ]);
  });

  it('tells a second try as a new start', () => {
    const events = new RunEvents();
    events.take(run(1, {}, [{ path: 'a', attempt: 1 }]));
    expect(names(events.take(run(2, {}, [{ path: 'a', attempt: 2 }])))).toEqual(['step-started']);
  });

  it('tells a restart and the real end', () => {
    const events = new RunEvents();
    expect(events.take(run(1, { state: 'restart-pending' })).at(-1)).toMatchObject({ result: 'restart-pending' });
    expect(events.take(run(2, { state: 'running' }))).toEqual([]);
    expect(events.take(run(3, { state: 'failed', exitCode: 7 }))[0]).toMatchObject({ result: 'failed', exitCode: 7 });
  });
});

describe('events for people', () => {
  const lines = (step: Partial<RunStep>) =>
    new RunEvents().take(run(1, { startedAt: undefined }, [step])).flatMap(eventLines);

  it('say outcome, why, and how long', () => {
    expect(lines({ path: 'g/a', state: 'succeeded', startedAt: at, finishedAt: later })).toEqual([
      'web    ✓ g/a  1.5 s',
    ]);
    expect(lines({ path: 'g/a', state: 'succeeded', exitCode: 5 })).toEqual(['web    ✓ g/a (exit code 5)']);
    expect(lines({ path: 'g/a', state: 'skipped', reason: 'disabled' })).toEqual(['web    - g/a (skipped: disabled)']);
    expect(lines({ path: 'a', state: 'running', attempt: 2 })).toEqual(['web    … a [try 2]']);
  });

  it('show the last line of what a failed step said, without its escape sequences', () => {
    const failed = {
      path: 'a',
      state: 'failed',
      exitCode: 7,
      continuedOnError: true,
      output: 'x\n\u001b[1mboom\n',
    } as const;
    expect(lines(failed)).toEqual(['web    ✗ a (exit code 7; goes on)', 'web        | \ufffd[1mboom']);
  });
});
