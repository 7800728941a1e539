import type { DeviceExplanation } from '@muster/contracts/kinds/device-explanation.js';
import { deviceExplanationLines } from './device-explanation-lines.js';

const explained = (sources: DeviceExplanation['sources']) =>
  deviceExplanationLines({
    device: { name: 'web-1', uid: '0190', canOpenSecrets: true },
    deployments: [],
    variables: [],
    problems: [],
    sources,
  });

it('an explanation begins with when the site last heard of the device', () => {
  const device = { name: 'web-1', uid: '0190', canOpenSecrets: true, lastSeenAt: '2026-11-26T12:00:00.000Z' };
  expect(deviceExplanationLines({ device, deployments: [], variables: [], problems: [] })[0]).toBe(
    'web-1 (0190), last heard of at 2026-11-26T12:00:00.000Z',
  );
});

describe('where content would come from', () => {
  it('is told point by point, best first, with those that are left out', () => {
    const manifest = `sha256:${'a'.repeat(64)}`;
    expect(
      explained({
        address: '10.1.2.3',
        groups: ['berlin'],
        contents: [
          {
            kind: 'Package',
            name: 'hello',
            version: 2,
            manifest,
            sources: [{ point: 'b1', reason: 'current boundary group berlin' }],
            leftOut: [{ point: 'r1', reason: 'the point is in maintenance' }],
          },
          { kind: 'OsImage', name: 'debian', version: 1, manifest, sources: [], leftOut: [] },
        ],
      }).slice(-5),
    ).toEqual([
      'Content (from 10.1.2.3, as its facts say, in berlin)',
      '  + Package hello version 2',
      '    1. b1: current boundary group berlin',
      '    not r1: the point is in maintenance',
      '  x OsImage debian version 1: no point is offered',
    ]);
  });

  it('says that nothing is needed rather than nothing', () => {
    expect(explained({ groups: [], contents: [] }).at(-1)).toBe('No content is needed');
  });
});
