import type { DeploymentSpec } from '@muster/contracts/kinds/deployment.js';
import { API_VERSION, type ResourceInput } from '@muster/contracts/resource.js';
import { judgeRisk, refuseMeteredSystems } from './high-risk.js';

const limits = { agreementAbove: 100, most: 500, siteServers: 'refuse' as const };
const of = (members: number, ...siteServers: string[]) => ({
  members,
  siteServers,
  servers: undefined,
});
const input = (more: Partial<DeploymentSpec> = {}): ResourceInput<DeploymentSpec> => ({
  apiVersion: API_VERSION,
  kind: 'Deployment',
  metadata: { name: 'reimage' },
  spec: { sequence: 'image', collection: 'pilot', purpose: 'Required', ...more },
});
const risks = ['image: Wipe', 'image: Install/Image'];

describe('a Required deployment that may take systems away', () => {
  it('needs no agreement for as many devices as the site allows without', () => {
    expect(judgeRisk(input(), risks, of(100), limits)).toEqual({ highRisk: { steps: risks, devices: 100 } });
  });

  it('is refused above that until somebody agrees to at least as many devices as there are', () => {
    expect(() => judgeRisk(input(), risks, of(101), limits)).toThrow(/agreedDevices: 101/);
    expect(() => judgeRisk(input({ agreedDevices: 100 }), risks, of(101), limits)).toThrow(/100 were agreed to/);
    expect(judgeRisk(input({ agreedDevices: 101 }), risks, of(101), limits)).toMatchObject({
      highRisk: { devices: 101 },
    });
  });

  it('is refused above the most of the site, whoever agrees', () => {
    expect(() => judgeRisk(input({ agreedDevices: 1000 }), risks, of(501), limits)).toThrow(/this site allows 500/);
  });

  it('is refused for a built-in collection', () => {
    expect(() => judgeRisk(input({ collection: 'all-devices' }), risks, of(1), limits)).toThrow(
      /"all-devices" is built in/,
    );
  });

  it('may go to all unknown computers, which is built in, with the agreement that others need', () => {
    const unknown = { collection: 'all-unknown-computers' };
    expect(judgeRisk(input(unknown), risks, of(1), limits)).toMatchObject({ highRisk: { devices: 1 } });
    expect(() => judgeRisk(input(unknown), risks, of(101), limits)).toThrow(/agreedDevices: 101/);
  });

  it('is refused where a computer of the site is among its devices, whoever agrees', () => {
    expect(() => judgeRisk(input({ agreedDevices: 9 }), risks, of(2, 'main'), limits)).toThrow(
      expect.objectContaining({ code: 'deployment.high-risk-site-server' }),
    );
    expect(judgeRisk(input(), [], of(2, 'main'), limits)).toEqual({});
  });

  it('needs agreement to each computer of the site by its name, where the site lets people agree', () => {
    const agree = { ...limits, siteServers: 'agree' as const };
    const agreed = (...agreedSiteServers: string[]) =>
      judgeRisk(input({ agreedSiteServers }), risks, of(2, 'main', 'store'), agree);
    expect(() => agreed('main')).toThrow(/agreedSiteServers: \[store\]/);
    expect(agreed('main', 'store')).toMatchObject({ highRisk: { devices: 2 } });
  });

  it('needs agreement to the servers among its devices on their own, where the site says which those are', () => {
    const asks = { ...limits, servers: 'servers' };
    const judge = (servers: number | undefined, agreedServers?: number) =>
      judgeRisk(input(agreedServers === undefined ? {} : { agreedServers }), risks, { ...of(9), servers }, asks);
    expect(() => judge(2)).toThrow(/on 2 servers, as "servers" has them\. .*agreedServers: 2/);
    expect(() => judge(2, 1)).toThrow(/1 were agreed to/);
    expect(judge(2, 2)).toMatchObject({ highRisk: { devices: 9, servers: 2 } });
    expect(judge(0)).toMatchObject({ highRisk: { devices: 9, servers: 0 } });
    expect(() => judge(undefined)).toThrow(expect.objectContaining({ code: 'deployment.high-risk-servers-unknown' }));
    expect(judgeRisk(input(), [], { ...of(9), servers: 2 }, asks)).toEqual({});
  });

  it('is not asked about where limits are 0', () => {
    expect(judgeRisk(input(), risks, of(10_000), { ...limits, agreementAbove: 0, most: 0 })).toMatchObject({
      highRisk: {},
    });
  });
});

it('a deployment without such steps, or one that was Required before, is not verified', () => {
  expect(judgeRisk(input(), [], of(1_000), limits)).toEqual({});
  expect(judgeRisk(input(), undefined, of(1_000), limits)).toEqual({});
});

describe('a deployment that may run over metered connections', () => {
  it('is refused when its sequence installs systems or clears disks, not when it is only marked for its impact', () => {
    expect(() => refuseMeteredSystems(input({ onMetered: true }), risks)).toThrow(
      expect.objectContaining({
        code: 'deployment.metered-system',
        message: expect.stringContaining('image: Wipe') as string,
      }),
    );
    expect(() => refuseMeteredSystems(input({ onMetered: true }), ['image: highImpact'])).not.toThrow();
    expect(() => refuseMeteredSystems(input(), risks)).not.toThrow();
  });
});
