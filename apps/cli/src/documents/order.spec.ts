import { KINDS } from '@muster/contracts/kinds/all.js';
import { inApplyOrder, inDeleteOrder } from './order.js';

const document = (kind: string, name = '') => ({ kind: { kind }, name });

describe('the order of documents', () => {
  it('puts what is referred to before what refers to it', () => {
    const mixed = ['Deployment', 'TaskSequence', 'Collection', 'Distribution', 'DistributionPoint', 'Package'];
    expect(inApplyOrder(mixed.map((kind) => document(kind))).map(({ kind }) => kind.kind)).toEqual([
      'Package',
      'DistributionPoint',
      'Distribution',
      'Collection',
      'TaskSequence',
      'Deployment',
    ]);
  });

  it('keeps documents of one kind as they were written', () => {
    const written = [document('Package', 'b'), document('Deployment'), document('Package', 'a')];
    expect(inApplyOrder(written).map(({ name }) => name)).toEqual(['b', 'a', '']);
  });

  it('deletes in the reverse order', () => {
    const written = [document('Package'), document('Deployment')];
    expect(inDeleteOrder(written).map(({ kind }) => kind.kind)).toEqual(['Deployment', 'Package']);
  });

  it('puts child sequences before those that name them, whatever the depth, also where they make a circle', () => {
    const sequence = (name: string, ...children: string[]) => ({
      kind: { kind: 'TaskSequence' },
      input: {
        metadata: { name },
        spec: { steps: [{ group: 'G', steps: children.map((child) => ({ sequence: child })) }] },
      },
    });
    const names = (...documents: ReturnType<typeof sequence>[]) =>
      inApplyOrder(documents).map(({ input }) => input.metadata.name);
    expect(names(sequence('a', 'b', 'c'), sequence('x'), sequence('b', 'c'), sequence('c'))).toEqual([
      'c',
      'b',
      'a',
      'x',
    ]);
    expect(names(sequence('a', 'b'), sequence('b', 'a', 'elsewhere'))).toEqual(['b', 'a']);
    expect(inDeleteOrder([sequence('c'), sequence('a', 'c')]).map(({ input }) => input.metadata.name)).toEqual([
      'a',
      'c',
    ]);
    const broken = { kind: { kind: 'TaskSequence' }, input: { metadata: { name: 'broken' }, spec: { steps: 1 } } };
    expect(inApplyOrder([broken])).toEqual([broken]);
  });

  it('puts applications behind packages, and behind those that they depend on or supersede', () => {
    const made = (name: string, dependency?: string, old?: string) => ({
      kind: { kind: 'Application' },
      input: {
        metadata: { name },
        spec: {
          deploymentTypes: [
            {
              name: 'any',
              install: { command: 'true' },
              detection: { file: '/x' },
              ...(dependency === undefined ? {} : { dependencies: [{ anyOf: [dependency] }] }),
            },
          ],
          ...(old === undefined ? {} : { supersedes: [{ application: old }] }),
        },
      },
    });
    const names = inApplyOrder([made('a', 'b', 'c'), made('b', 'c'), made('c'), document('Package', 'p')]);
    expect(names.map((one) => ('input' in one ? one.input.metadata.name : one.name))).toEqual(['p', 'c', 'b', 'a']);
  });

  it('puts collections before those that they limit, join or leave', () => {
    const made = (name: string, spec: object) => ({
      kind: { kind: 'Collection' },
      input: { metadata: { name }, spec },
    });
    const written = [
      made('patch', { limitingCollection: 'all', rules: [{ include: 'web' }, { exclude: 'canary' }] }),
      made('web', { rules: [] }),
      made('canary', { rules: [{ include: 'web' }] }),
      made('all', { rules: [{ allDevices: true }] }),
      made('broken', { rules: 1 }),
    ];
    expect(inApplyOrder(written).map(({ input }) => input.metadata.name)).toEqual([
      'all',
      'web',
      'canary',
      'patch',
      'broken',
    ]);
  });

  it('knows every kind that can be applied', () => {
    const applied = KINDS.filter(({ verbs }) => verbs.includes('apply')).map(({ kind }) => document(kind));
    const unknown = document('A kind nobody knows');
    expect(inApplyOrder([unknown, ...applied]).at(-1)).toBe(unknown);
    expect(new Set(inApplyOrder([unknown, ...applied]))).toEqual(new Set([unknown, ...applied]));
  });
});
