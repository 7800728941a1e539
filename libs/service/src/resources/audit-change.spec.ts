import { deployment } from '@muster/contracts/kinds/deployment.js';
import type { Resource } from '@muster/contracts/resource.js';
import { auditedChange } from './audit-change.js';

const at = '2026-11-26T12:00:00Z';
const resource = (spec: object, metadata: object = {}): Resource => ({
  apiVersion: 'muster/v1',
  kind: 'Deployment',
  metadata: { name: 'x', uid: 'u', resourceVersion: '7', generation: 1, createdAt: at, updatedAt: at, ...metadata },
  spec,
  status: {},
});

describe('what is audited of a change', () => {
  it('names the fields that changed, and none of their values', () => {
    const before = resource({ hold: 'Starts', purpose: 'Required', comment: 'old' });
    const after = resource(
      { purpose: 'Required', comment: 'new', alerts: { failedAbovePercent: 1 } },
      { labels: { a: 'b' } },
    );
    const deed = auditedChange(deployment, after, before, { actor: 'ada', comment: 'why' });
    expect(deed).toMatchObject({
      actor: 'ada',
      action: 'changed',
      kind: 'Deployment',
      version: '7',
      reason: 'why',
      changed: ['metadata.labels', 'spec.alerts', 'spec.comment', 'spec.hold'],
    });
    expect(JSON.stringify(deed)).not.toMatch(/"(Starts|old|new|b)"/);
  });

  it('keeps to how many devices somebody agreed', () => {
    expect(auditedChange(deployment, resource({ agreedDevices: 40 }), undefined, { actor: 'ada' })).toMatchObject({
      action: 'created',
      changed: undefined,
      details: { agreedDevices: 40 },
    });
    const named = resource({ agreedServers: 3, agreedSiteServers: ['db-1', 'db-2'] });
    expect(auditedChange(deployment, named, undefined, { actor: 'ada' })).toMatchObject({
      details: { agreedServers: 3, agreedSiteServers: 'db-1, db-2' },
    });
  });
});
