import type { PolicyBody } from '@muster/contracts/agent/policy.js';
import { explainBody } from './explain-told.js';

describe('the steps of a deployment, explained', () => {
  const condition = { variable: '_SMSTSAdvertID', operator: 'equals', value: 'harden-web' };
  const body = {
    sequence: {
      name: 'harden-debian',
      spec: { steps: [{ step: 'one', type: 'RunCommandLine', condition, settings: { command: 'true' } }] },
    },
    packages: {},
  } as unknown as PolicyBody;
  const verdict = (deployment: string) =>
    explainBody(body, { device: {}, collections: [] }, 'web-1', undefined, deployment).nodes.map((one) => one.verdict);

  it('know which deployment they would run for, as the agent does', () => {
    expect(verdict('harden-web')).toEqual(['will-run']);
    expect(verdict('other')).toEqual(['skipped']);
  });
});
