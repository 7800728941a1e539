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
    for (const name of ['_SMSTSAdvertID', '_SMSTSUserStarted', '_SMSTSOrgName'])
      expect(readOnly).not.toHaveProperty(name);
  });

  it('has of the environment only what the sequence mentions', () => {
    const mentions = { steps: [{ step: 'a', type: 'RunCommandLine' as const, settings: { command: 'echo %Home%' } }] };
    const { environment } = collectFacts([mentions as never], { HOME: '/root', TOKEN: 'secret' });
    expect(environment).toEqual({ HOME: '/root' });
  });
});
