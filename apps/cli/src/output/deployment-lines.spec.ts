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
      downloading: 0,
      rejected: 0,
      expired: 0,
      notRerun: 0,
      running: 0,
      restartPending: 0,
      silent: 1,
      succeeded: 0,
      failed: 0,
    },
    fates: [],
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

describe('a device of a deployment', () => {
  const known = { device: 'web-1', deviceUid: uid, member: true };
  const acceptance = { state: 'accepted' as const, at: span.start };
  const says = 'waits for a maintenance window, 2026-12-02T01:00:00.000Z';
  const delivery = { state: 'waiting' as const, reason: 'window', at: span.start, until: span.end, says };

  it('without a run shows what it waits for, since when and until when', () => {
    expect(deviceLine({ ...known, state: 'waiting', fate: { acceptance, delivery } })).toBe(
      `web-1                     waiting: window        2026-12-01T01:00:00Z  2026-12-01T04:00:00Z  -                 ${says}`,
    );
  });

  it('with a run shows that, and what it waits for since beside it', () => {
    const line = deviceLine({ ...known, state: 'succeeded', run: 'run-1', fate: { acceptance, delivery } });
    expect(line).toMatch(/^web-1 +succeeded .* run-1 +then waiting: waits for a maintenance window/);
  });

  it('that takes no part shows why', () => {
    const rejected = { state: 'rejected' as const, at: span.start, says: 'it is for debian' };
    const line = deviceLine({ ...known, state: 'rejected', fate: { acceptance: rejected, delivery } });
    expect(line).toMatch(/^web-1 +rejected +2026-12-01T01:00:00Z +- +- +it is for debian$/);
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
        downloading: 0,
        rejected: 0,
        expired: 0,
        notRerun: 0,
        running: 0,
        restartPending: 0,
        silent: 0,
        succeeded: 0,
        failed: 1,
      },
      fates: [{ state: evil, reason: evil, devices: 1 }],
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
