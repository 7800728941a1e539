import { collectFacts } from './facts.js';

describe('what a run knows from its start', () => {
  const spec = { steps: [] };

  it('has the deployment, and whether somebody at the computer asked for it', () => {
    const facts = collectFacts([spec], {}, { organisation: 'Example Works', deployment: 'harden-web', asked: true });
    expect(facts.readOnly).toMatchObject({
      _SMSTSAdvertID: 'harden-web',
      _SMSTSUserStarted: 'true',
      _SMSTSOrgName: 'Example Works',
    });
    expect(collectFacts([spec], {}, { deployment: 'harden-web' }).readOnly).not.toHaveProperty('_SMSTSUserStarted');
  });

  it('has no deployment where no site asked for it', () => {
    const { readOnly } = collectFacts([spec], {});
    for (const name of ['_SMSTSAdvertID', '_SMSTSUserStarted', '_SMSTSOrgName', '_SMSTSSiteCode', '_SMSTSMP'])
      expect(readOnly).not.toHaveProperty(name);
  });

  it('has its site, what the computer is there, and where it is reached', () => {
    const site = {
      site: 'S01',
      deviceUid: '0199f3ab-12cd-7000-8000-000000000001',
      server: 'https://muster.example.org',
    };
    expect(collectFacts([spec], {}, { site }).readOnly).toMatchObject({
      _SMSTSSiteCode: 'S01',
      _SMSTSClientGUID: site.deviceUid,
      _SMSTSMP: 'muster.example.org',
      _SMSTSMPPort: '443',
      _SMSTSUseSSL: 'true',
    });
    const plain = collectFacts([spec], {}, { site: { ...site, server: 'http://10.0.0.5:8080' } }).readOnly;
    expect(plain).toMatchObject({ _SMSTSMP: '10.0.0.5', _SMSTSMPPort: '8080' });
    expect(plain).not.toHaveProperty('_SMSTSUseSSL');
  });

  it('has of the environment only what the sequence mentions', () => {
    const mentions = { steps: [{ step: 'a', type: 'RunCommandLine' as const, settings: { command: 'echo %Home%' } }] };
    const { environment } = collectFacts([mentions as never], { HOME: '/root', TOKEN: 'secret' });
    expect(environment).toEqual({ HOME: '/root' });
  });
});
