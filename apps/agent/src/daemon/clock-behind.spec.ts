import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decideStart } from '@muster/schedule/decide-start.js';
import { afterLook, ClockBehind } from './clock-behind.js';

const at = (text: string): number => Date.parse(`2026-11-${text}Z`);

describe('a clock that was set back beyond the last run', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-clock-'));
    path = join(folder, 'clock.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is noticed once, anew when it is set back further, and no more when it is right', () => {
    const newest = at('26T12:00');
    expect(afterLook(undefined, newest, at('26T13:00'))).toBeUndefined();
    const first = afterLook(undefined, newest, at('20T08:00'));
    expect(first).toBe(at('20T08:00'));
    expect(afterLook(first, newest, at('21T08:00'))).toBe(first);
    expect(afterLook(first, newest, at('19T08:00'))).toBe(at('19T08:00'));
    expect(afterLook(first, newest, at('26T12:00'))).toBeUndefined();
  });

  it('lets triggers come again from then on, also after another start of the agent, and none that were before', () => {
    const run = at('26T12:00');
    const rules = {
      purpose: 'Required' as const,
      triggers: [{ schedule: { start: '2026-11-01T22:00Z', repeat: { every: { days: 1 } } } }],
    };
    const decide = (now: number, startedAt: number) =>
      decideStart(rules, {
        now,
        timeZone: 'UTC',
        windows: [],
        maximumMinutes: 0,
        lastRun: { startedAt, succeeded: true },
      }).state;
    const clock = new ClockBehind(path);
    clock.look(run, at('20T08:00'));
    expect(decide(at('20T08:00'), clock.startOf(run, at('20T08:00')))).toBe('waiting');
    const later = new ClockBehind(path);
    expect(decide(at('20T22:00'), later.startOf(run, at('20T22:00')))).toBe('start');
  });

  it('runs nothing a second time when it was only wrong for a while', () => {
    const run = at('26T12:00');
    const clock = new ClockBehind(path);
    clock.look(run, 60_000);
    expect(clock.startOf(run, 60_000)).toBe(60_000);
    clock.look(run, at('26T13:00'));
    expect(clock.startOf(run, at('26T13:00'))).toBe(run);
    expect(new ClockBehind(path).startOf(run, at('26T13:00'))).toBe(run);
  });
});
