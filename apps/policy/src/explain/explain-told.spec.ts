import type { PolicyBody } from '@muster/contracts/agent/policy.js';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import { explainBody } from './explain-told.js';

describe('the steps of a deployment, explained', () => {
  const run = {
    device: { name: 'web-1', uid: '0199f3ab-12cd-7000-8000-000000000001' },
    site: 'S01',
    deployment: 'harden-web',
    organisation: 'Example Works',
  };
  const verdict = (variable: string, value: string, facts?: Facts) => {
    const condition = { variable, operator: 'equals', value };
    const step = { step: 'one', type: 'RunCommandLine', condition, settings: { command: 'true' } };
    const body = {
      sequence: { name: 'harden-debian', spec: { steps: [step] } },
      packages: {},
    } as unknown as PolicyBody;
    return explainBody(body, { device: {}, collections: [] }, facts, run).nodes.map((one) => one.verdict);
  };

  it('know what the run would be, as the agent does', () => {
    for (const [variable, value] of [
      ['_SMSTSAdvertID', 'harden-web'],
      ['_SMSTSMachineName', 'web-1'],
      ['_SMSTSSiteCode', 'S01'],
      ['_SMSTSClientGUID', run.device.uid],
      ['_SMSTSOrgName', 'Example Works'],
      ['_SMSTSPackageID', 'harden-debian'],
    ] as const) {
      expect([variable, verdict(variable, value)]).toEqual([variable, ['will-run']]);
      expect([variable, verdict(variable, 'other')]).toEqual([variable, ['skipped']]);
    }
  });

  it('know of UEFI where the computer told it', () => {
    expect(verdict('_SMSTSBootUEFI', 'true', { firmware: 'uefi' })).toEqual(['will-run']);
    expect(verdict('_SMSTSBootUEFI', 'true', { firmware: 'bios' })).toEqual(['skipped']);
  });
});
