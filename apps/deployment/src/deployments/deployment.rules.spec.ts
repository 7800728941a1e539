import { API_VERSION, type Resource, type ResourceInput } from '@muster/contracts/resource.js';
import type { DeploymentSpec, DeploymentStatus } from '@muster/contracts/kinds/deployment.js';
import { refuseEmptyLife, refuseMoved } from './deployment.rules.js';

const SPEC: DeploymentSpec = { sequence: 'harden', collection: 'lab', purpose: 'Required' };
const input = (spec: Partial<DeploymentSpec>): ResourceInput<DeploymentSpec> => ({
  apiVersion: API_VERSION,
  kind: 'Deployment',
  metadata: { name: 'one' },
  spec: { ...SPEC, ...spec },
});

describe('a deployment', () => {
  it.each([
    ['expires when it begins', '2026-11-21T10:00:00Z', '2026-11-21T10:00:00Z'],
    ['expires before it begins, read in another zone', '2026-11-21T10:00:00Z', '2026-11-21T11:30:00+02:00'],
  ])('is refused when it %s', (_what, availableAt, expiresAt) => {
    expect(() => refuseEmptyLife(input({ availableAt, expiresAt }))).toThrow(
      expect.objectContaining({ category: 'invalid', code: 'deployment.never-runs' }),
    );
  });

  it.each([[{}], [{ availableAt: '2026-11-21T10:00:00Z' }], [{ expiresAt: '2020-01-01T00:00:00Z' }]])(
    'may leave either time open: %j',
    (times) => {
      expect(() => refuseEmptyLife(input(times))).not.toThrow();
    },
  );

  it.each(['sequence', 'collection'] as const)('keeps its %s for ever', (field) => {
    const current = { spec: SPEC } as Resource<DeploymentSpec, DeploymentStatus>;
    expect(() => refuseMoved(current, input({ [field]: 'other' }))).toThrow(
      expect.objectContaining({ category: 'conflict', code: 'deployment.immutable' }),
    );
    expect(() => refuseMoved(current, input({ purpose: 'Available' }))).not.toThrow();
  });
});
