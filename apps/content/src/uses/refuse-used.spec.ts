import type { ContentUses } from '@muster/contracts/kinds/content-uses.js';
import { MusterError } from '@muster/platform/errors.js';
import { refuseUsed } from './refuse-used.js';

const none = { items: [], more: false };
const unused: ContentUses = {
  kind: 'Package',
  name: 'tool',
  sequences: none,
  applications: none,
  deployments: none,
  distributions: { items: ['tool'], more: false },
};

function refusalOf(uses: ContentUses): MusterError | undefined {
  try {
    refuseUsed(uses);
    return undefined;
  } catch (error) {
    return error as MusterError;
  }
}

describe('what something names', () => {
  it('may go when nothing but Distributions names it', () => {
    expect(refusalOf(unused)).toBeUndefined();
  });

  it('stays, and each of its users is named', () => {
    const refusal = refusalOf({
      ...unused,
      sequences: { items: [{ sequence: 'build', path: 'Install', disabled: true }], more: false },
      applications: {
        items: [{ application: 'editor', how: 'content', path: '/spec/deploymentTypes/0/package' }],
        more: false,
      },
      deployments: { items: ['pilot'], more: false },
    });
    expect([refusal?.category, refusal?.code, refusal?.message]).toEqual([
      'conflict',
      'resource.still-used',
      'Package "tool" is still used, in 3 places. Let them name something else, or delete it with force',
    ]);
    expect(refusal?.findings?.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      'TaskSequence/build: TaskSequence "build" names it in the node "Install"',
      'Application/editor: Application "editor" names it at /spec/deploymentTypes/0/package',
      'Deployment/pilot: Deployment "pilot" tells devices of it',
    ]);
  });

  it('says when there are more users than it names', () => {
    const refusal = refusalOf({ ...unused, deployments: { items: ['pilot'], more: true } });
    expect([refusal?.message, refusal?.findings?.at(-1)?.path]).toEqual([
      expect.stringContaining('in more than 1 place.'),
      '',
    ]);
  });
});
