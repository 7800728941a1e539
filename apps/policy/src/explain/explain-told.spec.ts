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
  const step = { step: 'one', type: 'RunCommandLine', settings: { command: 'true' } };
  const explain = (steps: object[], facts?: Facts) => {
    const body = { sequence: { name: 'harden-debian', spec: { steps } }, packages: {} } as unknown as PolicyBody;
    return explainBody(body, { device: {}, collections: [] }, facts, run);
  };
  const verdict = (variable: string, value: string, facts?: Facts) =>
    explain([{ ...step, condition: { variable, operator: 'equals', value } }], facts).nodes.map((one) => one.verdict);

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

  it('do not say that what only the run knows was not there: its address of the site, and who asks for it', () => {
    for (const variable of ['_SMSTSMP', '_SMSTSMPPort', '_SMSTSUseSSL', '_SMSTSUserStarted', '_smstsmp']) {
      expect([variable, verdict(variable, 'true')]).toEqual([variable, ['unknown']]);
      expect([variable, verdict(variable, '')]).toEqual([variable, ['unknown']]);
    }
    const [node] = explain([{ ...step, condition: { variable: '_SMSTSMP', operator: 'exists' } }]).nodes;
    expect(node).toMatchObject({
      verdict: 'unknown',
      code: 'condition.not-asked',
      message: 'its condition hangs on what is known only when it runs: _SMSTSMP',
      variables: [{ name: '_SMSTSMP', knownWhenItRuns: true, losers: [] }],
    });
  });

  it('are decided without it where the rest of the condition decides', () => {
    const open = { variable: '_SMSTSUserStarted', operator: 'equals', value: 'true' };
    const [yes, no] = ['S01', 'S02'].map((value) => ({ variable: '_SMSTSSiteCode', operator: 'equals', value }));
    const decided = (condition: object) => explain([{ ...step, condition }]).nodes[0]?.verdict;
    expect(decided({ any: [yes, open] })).toBe('will-run');
    expect(decided({ all: [no, open] })).toBe('skipped');
    expect(decided({ all: [yes, open] })).toBe('unknown');
    expect(decided({ none: [open] })).toBe('unknown');
  });

  it('leave open what is in a group whose condition hangs on it, and go on behind the group', () => {
    const group = {
      group: 'asked for',
      condition: { variable: '_SMSTSUserStarted', operator: 'exists' },
      steps: [step],
    };
    expect(explain([group, { ...step, step: 'two' }]).nodes.map((one) => one.verdict)).toEqual([
      'unknown',
      'unknown',
      'will-run',
    ]);
  });

  it('know of UEFI where the computer told it', () => {
    expect(verdict('_SMSTSBootUEFI', 'true')).toEqual(['unknown']);
    expect(verdict('_SMSTSBootUEFI', 'true', { firmware: 'uefi' })).toEqual(['will-run']);
    expect(verdict('_SMSTSBootUEFI', 'true', { firmware: 'bios' })).toEqual(['skipped']);
  });
});
