import type { DeploymentSpec } from '@muster/contracts/kinds/deployment.js';
import { dependsOnZone, lastDeadline } from './last-deadline.js';

const at = (text: string): number => Date.parse(text);
const now = at('2026-11-26T22:05Z');
const spec = (more: Partial<DeploymentSpec> = {}): DeploymentSpec => ({
  sequence: 's',
  collection: 'c',
  purpose: 'Required',
  ...more,
});
const last = (one: DeploymentSpec, createdAt = at('2026-11-01T00:00Z'), timeZone = 'UTC'): string | undefined => {
  const found = lastDeadline(one, { createdAt, now, timeZone });
  return found === undefined ? undefined : new Date(found).toISOString().slice(11, 16);
};
const times = (...starts: string[]): Partial<DeploymentSpec> => ({
  triggers: starts.map((start) => ({ schedule: { start } })),
});

describe('the deadline that wakes computers', () => {
  it.each<[string, string | undefined, DeploymentSpec]>([
    ['a time that has just come', '22:00', spec(times('2026-11-26T22:00Z'))],
    ['the later one of several', '22:04', spec(times('2026-11-26T22:00Z', '2026-11-26T22:04Z'))],
    ['no time that is to come', undefined, spec(times('2026-11-26T22:06Z'))],
    ['no time that is long over', undefined, spec(times('2026-11-26T21:50Z'))],
    [
      'the availability, for what came before it',
      '22:02',
      spec({ ...times('2026-11-26T20:00Z'), availableAt: '2026-11-26T22:02Z' }),
    ],
    [
      'nothing before it is available',
      undefined,
      spec({ ...times('2026-11-26T22:00Z'), availableAt: '2026-11-26T23:00Z' }),
    ],
    ['nothing after its end', undefined, spec({ ...times('2026-11-26T22:00Z'), expiresAt: '2026-11-26T22:05Z' })],
    ['nothing of the device', undefined, spec({ triggers: [{ event: 'Startup' }, { event: 'LogOn' }] })],
    ['nothing long after it was made', undefined, spec()],
  ])('is %s', (_what, expected, one) => {
    expect(last(one)).toBe(expected);
  });

  it('is the moment it was made, when it runs as soon as possible', () => {
    expect(last(spec(), at('2026-11-26T22:01Z'))).toBe('22:01');
  });

  it('is another moment in each time zone, unless it has an offset', () => {
    const local = spec(times('2026-11-26T23:00'));
    expect([last(local, 0, 'Europe/Berlin'), last(local, 0, 'UTC')]).toEqual(['22:00', undefined]);
    expect([dependsOnZone(local), dependsOnZone(spec(times('2026-11-26T22:00Z'))), dependsOnZone(spec())]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
