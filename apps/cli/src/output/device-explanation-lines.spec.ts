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

it('what the device itself last said of a deployment stands below what the site works out, with its time', () => {
  const device = { name: 'web-1', uid: '0190', canOpenSecrets: true };
  const deployment = {
    name: 'patch',
    uid: '0191',
    collection: 'web',
    purpose: 'Required',
    state: 'compiled',
    told: true,
    start: { state: 'start', says: 'starts now' },
  };
  const lastTold = {
    state: 'waiting',
    reason: 'people',
    at: '2026-11-28T12:00:00.000Z',
    until: '2026-11-28T12:30:00.000Z',
    says: 'people were warned',
  };
  const lines = (one: object) =>
    deviceExplanationLines({ device, deployments: [{ ...deployment, ...one }], variables: [], problems: [] }).slice(
      2,
      4,
    );
  expect(lines({ lastTold })).toEqual([
    '  + patch  Required by web, compiled; starts now',
    '    it last said at 2026-11-28T12:00:00.000Z: waiting: people, until 2026-11-28T12:30:00.000Z (people were warned)',
  ]);
  expect(lines({ lastTold: { state: 'offered', at: lastTold.at } })[1]).toBe(
    '    it last said at 2026-11-28T12:00:00.000Z: offered',
  );
  expect(lines({})[1]).toBe('No variables');
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
