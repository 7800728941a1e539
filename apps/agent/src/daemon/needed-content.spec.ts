import type { Assignment, PolicyBody } from '@muster/contracts/agent/policy.js';
import { type Digest, digestOfBytes } from '@muster/contracts/digest.js';
import { neededContent } from './needed-content.js';
import type { RunRecord } from './run-records.js';

const deployment = (uid: string) => ({ uid, name: uid, generation: 1 });
const assignment = (uid: string, more: Partial<Assignment> = {}): Assignment => ({
  deployment: deployment(uid),
  purpose: 'Required',
  body: digestOfBytes(`body ${uid}`),
  ...more,
});
const record = (uid: string): RunRecord => ({ runId: uid, startedAt: '', ...assignment(uid) });

describe('content that is needed', () => {
  it('is that of unfinished runs, of Required ones to come and of what is being prepared, not of those that ended or that nobody asked for', () => {
    const bodies = new Map<Digest, PolicyBody>();
    for (const uid of ['unfinished', 'to-come', 'ended', 'available', 'prepared']) {
      const packages = { tool: { version: 1, manifest: digestOfBytes(uid), programs: {} } };
      bodies.set(digestOfBytes(`body ${uid}`), { packages } as unknown as PolicyBody);
    }
    const needed = neededContent(
      { unfinished: [record('unfinished')], finishedDeployments: new Set(['ended']) },
      [
        assignment('to-come'),
        assignment('ended'),
        assignment('available', { purpose: 'Available' }),
        assignment('prepared', { purpose: 'Available' }),
        assignment('unknown'),
      ],
      new Set(['prepared']),
      { read: (digest) => bodies.get(digest) },
    );
    expect(needed).toEqual(new Set([digestOfBytes('unfinished'), digestOfBytes('to-come'), digestOfBytes('prepared')]));
  });
});
