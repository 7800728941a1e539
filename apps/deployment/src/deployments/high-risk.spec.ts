import type { DeploymentSpec } from '@muster/contracts/kinds/deployment.js';
import { API_VERSION, type ResourceInput } from '@muster/contracts/resource.js';
import { judgeRisk } from './high-risk.js';

const limits = { agreementAbove: 100, most: 500 };
const input = (more: Partial<DeploymentSpec> = {}): ResourceInput<DeploymentSpec> => ({
  apiVersion: API_VERSION,
  kind: 'Deployment',
  metadata: { name: 'reimage' },
  spec: { sequence: 'image', collection: 'pilot', purpose: 'Required', ...more },
});
const risks = ['image: Wipe', 'image: Install/Image'];

describe('a Required deployment that may take systems away', () => {
  it('needs no agreement for as many devices as the site allows without', () => {
    expect(judgeRisk(input(), risks, 100, limits)).toEqual({ highRisk: { steps: risks, devices: 100 } });
  });

  it('is refused above that until somebody agrees to at least as many devices as there are', () => {
    expect(() => judgeRisk(input(), risks, 101, limits)).toThrow(/agreedDevices: 101/);
    expect(() => judgeRisk(input({ agreedDevices: 100 }), risks, 101, limits)).toThrow(/100 were agreed to/);
    expect(judgeRisk(input({ agreedDevices: 101 }), risks, 101, limits)).toMatchObject({ highRisk: { devices: 101 } });
  });

  it('is refused above the most of the site, whoever agrees', () => {
    expect(() => judgeRisk(input({ agreedDevices: 1000 }), risks, 501, limits)).toThrow(/this site allows 500/);
  });

  it('is refused for a built-in collection', () => {
    expect(() => judgeRisk(input({ collection: 'all-devices' }), risks, 1, limits)).toThrow(
      /"all-devices" is built in/,
    );
  });

  it('may go to all unknown computers, which is built in, with the agreement that others need', () => {
    const unknown = { collection: 'all-unknown-computers' };
    expect(judgeRisk(input(unknown), risks, 1, limits)).toMatchObject({ highRisk: { devices: 1 } });
    expect(() => judgeRisk(input(unknown), risks, 101, limits)).toThrow(/agreedDevices: 101/);
  });

  it('is not asked about where limits are 0', () => {
    expect(judgeRisk(input(), risks, 10_000, { agreementAbove: 0, most: 0 })).toMatchObject({ highRisk: {} });
  });
});

it('a deployment without such steps, or one that was Required before, is not verified', () => {
  expect(judgeRisk(input(), [], 1_000, limits)).toEqual({});
  expect(judgeRisk(input(), undefined, 1_000, limits)).toEqual({});
});
