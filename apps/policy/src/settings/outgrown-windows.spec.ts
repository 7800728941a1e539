import type { Assignment, PolicyWindow } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import { type Countdowns, outgrownWindows } from './outgrown-windows.js';

const now = Date.parse('2026-11-26T12:00Z');
const window = (start: string, durationMinutes: number, more: Partial<PolicyWindow> = {}): PolicyWindow => ({
  name: 'night',
  collection: 'servers',
  schedule: { start, repeat: { every: { days: 1 } } },
  durationMinutes,
  ...more,
});
const deployment = (more: Partial<Assignment>): Assignment => ({
  deployment: { uid: '7b7e4c5e-0000-4000-8000-000000000001', name: 'patch', generation: 1 },
  purpose: 'Required',
  body: digestOf('body'),
  ...more,
});
const warned = (change: Partial<Countdowns>): string[] =>
  outgrownWindows({
    deployments: [],
    values: {},
    windows: [window('2026-11-01T01:00Z', 60)],
    timeZone: 'UTC',
    now,
    ...change,
  }).map(({ message }) => message);

describe('the time that people have', () => {
  it('is to be shorter than the shortest window: of settings and of deployments it is said where not', () => {
    expect(
      warned({ values: { warnMinutes: 59, restartWarnMinutes: 60 }, deployments: [deployment({ warnMinutes: 90 })] }),
    ).toEqual([
      'restartWarnMinutes of its client settings is 60 min, and the shortest maintenance window of the device, servers/night, lasts 60 min: what gives people so long does not fit into it',
      expect.stringMatching(/^warnMinutes of deployment "patch" is 90 min/),
    ]);
  });

  it('has windows that overlap as one, and those that do not count not at all', () => {
    const values = { restartWarnMinutes: 90 };
    expect(warned({ values, windows: [window('2026-11-01T01:00Z', 60), window('2026-11-01T01:30Z', 90)] })).toEqual([]);
    expect(
      warned({ values, windows: [window('2026-11-01T01:00Z', 60), window('2026-11-01T05:00Z', 240)] }),
    ).toHaveLength(1);
    expect(warned({ values, windows: [window('2026-11-01T01:00Z', 60, { for: 'SoftwareUpdates' })] })).toEqual([]);
    expect(warned({ values, windows: [] })).toEqual([]);
  });

  it('is anything for a deployment that no window holds', () => {
    const outside = { warnMinutes: 90, outsideWindows: true };
    expect(warned({ deployments: [deployment(outside)] })).toHaveLength(1);
    expect(warned({ deployments: [deployment({ ...outside, restartOutsideWindows: true })] })).toEqual([]);
  });
});
