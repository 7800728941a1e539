import { MusterError } from '@muster/platform/errors.js';
import { refuseUsed, type SequenceUsers } from './refuse-used.js';

const nobody: SequenceUsers = { nodes: [], moreNodes: false, deployments: [], moreDeployments: false };

function refusal(users: Partial<SequenceUsers>): MusterError {
  try {
    refuseUsed('child', { ...nobody, ...users });
  } catch (error) {
    if (error instanceof MusterError) return error;
  }
  throw new Error('was not refused');
}

describe('a sequence that is to be deleted', () => {
  it('is not refused when nobody uses it', () => {
    expect(() => refuseUsed('child', nobody)).not.toThrow();
  });

  it('is refused with every node and deployment that names it', () => {
    const error = refusal({ nodes: [{ sequence: 'parent', path: 'Setup/child' }], deployments: ['pilot'] });
    expect([error.category, error.code]).toEqual(['conflict', 'resource.still-used']);
    expect(error.message).toContain('in 2 places');
    expect(error.findings?.map(({ path, message }) => [path, message])).toEqual([
      ['TaskSequence/parent', 'TaskSequence "parent" names it in the node "Setup/child"'],
      ['Deployment/pilot', 'Deployment "pilot" deploys it'],
    ]);
  });

  it('says when not all of them are named', () => {
    const error = refusal({ deployments: ['a', 'b'], moreDeployments: true });
    expect(error.message).toContain('more than 2 places');
    expect(error.findings?.at(-1)?.path).toBe('');
  });
});
