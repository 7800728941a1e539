import { API_VERSION, type Resource, type ResourceInput } from '@muster/contracts/resource.js';
import type { DeploymentSpec, DeploymentStatus } from '@muster/contracts/kinds/deployment.js';
import { refuseIdleOnMedia } from './media-only.js';
import { refuseNeverRunning } from './never-runs.js';
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

  describe('whose triggers all come when it is over', () => {
    const now = Date.parse('2026-11-01T00:00Z');
    const never = (spec: Partial<DeploymentSpec>, before?: Partial<DeploymentSpec>) => (): void =>
      refuseNeverRunning(input(spec), before && { ...SPEC, ...before }, now);
    const refused = expect.objectContaining({ category: 'invalid', code: 'deployment.never-runs' });
    const at = (start: string, repeat?: object) => ({ schedule: { start, ...(repeat && { repeat }) } }) as never;

    it.each<[string, Partial<DeploymentSpec>]>([
      ['once', { triggers: [at('2026-12-02T00:00Z')], expiresAt: '2026-12-02T00:00Z' }],
      ['by the clock of each device', { triggers: [at('2026-12-02T10:00')], expiresAt: '2026-12-02T09:00' }],
      ['in every zone', { triggers: [at('2026-12-03T03:00')], expiresAt: '2026-12-02T12:00Z' }],
      [
        'at a weekday that is behind its end', // the start is a Tuesday
        { triggers: [at('2026-12-01T00:00Z', { weekly: { on: ['Saturday'] } })], expiresAt: '2026-12-05T00:00Z' },
      ],
    ])('is refused: %s', (_what, spec) => {
      expect(never(spec)).toThrow(refused);
      expect(never({ ...spec, usersMayStart: true })).not.toThrow();
      expect(never({ ...spec, triggers: [...(spec.triggers ?? []), { event: 'LogOn' }] })).not.toThrow();
      // What is there already can be held and changed.
      expect(never({ ...spec, hold: 'Runs' }, spec)).not.toThrow();
      expect(never(spec, {})).toThrow(refused);
    });

    it.each<[string, Partial<DeploymentSpec>]>([
      ['some zone has its time before the end', { triggers: [at('2026-12-02T23:00')], expiresAt: '2026-12-02T12:00Z' }],
      ['its only time is over: it is overdue', { triggers: [at('2026-01-01T00:00Z')], expiresAt: '2026-12-02T12:00Z' }],
      ['it runs as soon as possible', { expiresAt: '2026-12-02T12:00Z' }],
      ['it begins for ever', { triggers: [at('2027-12-02T23:00')] }],
    ])('is allowed when %s', (_what, spec) => {
      expect(never(spec)).not.toThrow();
    });

    it('is refused when it is over as it is made, and no later', () => {
      const expiresAt = '2026-10-01T00:00Z';
      expect(never({ expiresAt })).toThrow(refused);
      expect(never({ expiresAt }, { expiresAt })).not.toThrow();
      // It is ended by that.
      expect(never({ expiresAt }, {})).not.toThrow();
      // Somewhere the clock does not say it yet.
      expect(never({ expiresAt: '2026-10-31T13:00' })).not.toThrow();
    });
  });

  describe('for media and PXE only', () => {
    const rollout: DeploymentSpec['rollout'] = { groups: [{ name: 'pilot', size: 1 }] };
    const times = { availableAt: '2026-11-21T10:00', triggers: [{ event: 'Startup' as const }], rollout };

    it.each(['MediaAndPxe', 'MediaAndPxeHidden'] as const)(
      '(%s) is refused with each setting that is for agents',
      (availableTo) => {
        let thrown: unknown;
        try {
          refuseIdleOnMedia(input({ availableTo, ...times }), undefined);
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toMatchObject({ category: 'invalid', code: 'deployment.setting-without-effect' });
        expect((thrown as { findings: { path: string }[] }).findings.map(({ path }) => path)).toEqual([
          '/spec/availableAt',
          '/spec/triggers',
          '/spec/rollout',
        ]);
      },
    );

    it('keeps what it has already, and has it where clients may run it too', () => {
      const before = { ...SPEC, availableTo: 'MediaAndPxe' as const, ...times };
      expect(() => refuseIdleOnMedia(input({ ...before, hold: 'Runs' }), before)).not.toThrow();
      expect(() => refuseIdleOnMedia(input({ ...before }), SPEC)).toThrow();
      expect(() => refuseIdleOnMedia(input({ availableTo: 'ClientsMediaAndPxe', ...times }), undefined)).not.toThrow();
    });
  });

  it.each(['sequence', 'collection'] as const)('keeps its %s for ever', (field) => {
    const current = { spec: SPEC } as Resource<DeploymentSpec, DeploymentStatus>;
    expect(() => refuseMoved(current, input({ [field]: 'other' }))).toThrow(
      expect.objectContaining({ category: 'conflict', code: 'deployment.immutable' }),
    );
    expect(() => refuseMoved(current, input({ purpose: 'Available' }))).not.toThrow();
  });
});
