import { deviceLine, progressLines } from './deployment-lines.js';
import { windowLines } from './window-lines.js';

const evil = 'it failed\u001b[2J\u202e';
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u001f\u202e]/;
const uid = '0193e7a0-0000-7000-8000-000000000001';
const span = {
  start: '2026-12-01T01:00:00.000Z',
  end: '2026-12-01T04:00:00.000Z',
  minutes: 180,
  windows: [{ collection: 'c', name: evil }],
};

describe('how a deployment goes', () => {
  const progress = {
    deployment: 'd',
    sequence: 's',
    sequenceDigest: `sha256:${'a'.repeat(64)}`,
    at: span.start,
    devices: {
      targeted: 3,
      waiting: 2,
      rejected: 0,
      running: 0,
      restartPending: 0,
      silent: 1,
      succeeded: 0,
      failed: 0,
    },
    succeededPercent: 0,
    ended: { lastHour: 0, lastDay: 0, lastWeek: 0, lastMonth: 0 },
    errors: [],
    steps: [],
  };

  it('says why no further device starts it', () => {
    const policy = { state: 'withdrawn' as const, code: 'policy.expired', message: 'expired at 2026-12-01T00:00Z' };
    expect(progressLines({ ...progress, hold: 'Runs', policy }).slice(1, 4)).toEqual([
      'held       no device starts it, and its runs end at their next step; muster deployment resume takes it back',
      'policy     withdrawn: expired at 2026-12-01T00:00Z',
      'devices    3: 1 silent, 2 not started; 0 % succeeded',
    ]);
  });

  it('says that it was deleted, and how to end what goes on', () => {
    const deletedAt = '2026-12-01T04:00:00.000Z';
    const deleted = (more: object) => progressLines({ ...progress, deletedAt, ...more })[1];
    expect(deleted({})).toBe(
      `deleted    at ${deletedAt}: nobody starts it; what goes on of it ends as it will; muster deployment stop d ends it`,
    );
    expect(deleted({ hold: 'Runs' })).toBe(
      `deleted    at ${deletedAt}: nobody starts it; what goes on of it ends at its next step`,
    );
  });
});

describe('what devices and documents say', () => {
  it('does nothing to the terminal of whoever reads how a deployment goes', () => {
    const lines = progressLines({
      deployment: 'd',
      sequence: 's',
      sequenceDigest: `sha256:${'a'.repeat(64)}`,
      at: span.start,
      devices: {
        targeted: 1,
        waiting: 0,
        rejected: 0,
        running: 0,
        restartPending: 0,
        silent: 0,
        succeeded: 0,
        failed: 1,
      },
      succeededPercent: 0,
      ended: { lastHour: 1, lastDay: 1, lastWeek: 1, lastMonth: 1 },
      errors: [{ code: evil, step: evil, message: evil, devices: 1, examples: ['web-1'] }],
      steps: [{ path: evil, running: 0, silent: 0, succeeded: 0, failed: 1, skipped: 0 }],
    });
    lines.push(
      deviceLine({ device: 'web-1', deviceUid: uid, state: 'failed', member: true, step: evil, message: evil }),
      ...windowLines({
        device: 'web-1',
        at: span.start,
        timeZone: 'UTC',
        timeZoneKnown: true,
        minutes: 120,
        restricted: true,
        windows: [
          {
            collection: 'c',
            name: evil,
            counts: true,
            reason: evil,
            schedule: { start: span.start },
            durationMinutes: 5,
          },
        ],
        starts: [{ from: span.start, until: span.start, span }],
        tooShort: [span],
      }),
    );
    expect(lines.filter((line) => line.includes('it failed')).length).toBeGreaterThan(5);
    expect(lines.filter((line) => control.test(line))).toEqual([]);
  });
});
