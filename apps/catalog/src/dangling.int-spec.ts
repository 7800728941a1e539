import type { DanglingReference } from '@muster/contracts/kinds/task-sequence.js';
import { until } from '@muster/testing/until.js';
import { CatalogUnderTest, runs } from '../test/catalog-under-test.js';

let catalog: CatalogUnderTest;
beforeAll(async () => (catalog = await CatalogUnderTest.start()));
afterAll(() => catalog.stop());

const installs = (name: string, more: object = {}) => ({
  step: `install ${name}`,
  type: 'InstallPackage',
  settings: { package: name, program: 'install' },
  ...more,
});

async function dangling(name: string): Promise<DanglingReference[] | undefined> {
  const { body } = await catalog.call<{ status: { danglingReferences?: DanglingReference[] } }>(
    'GET',
    `/api/v1/task-sequences/${name}`,
  );
  return body.status.danglingReferences;
}

describe('a sequence', () => {
  it('is flagged while a child that it names is gone, and no longer when it is there again', async () => {
    await catalog.save('child', [runs('x')]);
    await catalog.save('parent', [{ sequence: 'child' }, { group: 'Again', steps: [{ sequence: 'child' }] }]);
    await catalog.save('cautious', [{ sequence: 'child', disabled: true }]);
    expect(await dangling('parent')).toBeUndefined();
    await catalog.call('DELETE', '/api/v1/task-sequences/child?force=true');
    expect(await dangling('parent')).toEqual([{ kind: 'TaskSequence', name: 'child', nodes: 2 }]);
    expect(await dangling('cautious')).toBeUndefined();
    await catalog.save('child', [runs('x')]);
    expect(await dangling('parent')).toBeUndefined();
  });

  it('is flagged by the fact that a package is gone, in listings and in what is found, and cleared by the next fact', async () => {
    await catalog.save('uses-tools', [installs('tools'), installs('other')]);
    await catalog.save('uses-nothing', [installs('tools', { disabled: true })]);
    catalog.tellOfContent('Package', 'saved', 'tools');
    catalog.tellOfContent('Package', 'deleted', 'tools');
    await until(async () => (await dangling('uses-tools')) !== undefined);
    const flag = { danglingReferences: [{ kind: 'Package', name: 'tools', nodes: 1 }] };
    const listed = await catalog.call<{ items: { metadata: { name: string }; status: object }[] }>(
      'GET',
      '/api/v1/task-sequences',
    );
    const statuses = new Map(listed.body.items.map(({ metadata, status }) => [metadata.name, status]));
    expect(statuses.get('uses-tools')).toMatchObject(flag);
    expect(statuses.get('uses-nothing')).not.toHaveProperty('danglingReferences');
    const found = await catalog.call<{ items: object[] }>('GET', '/api/v1/task-sequences/-/search?text=uses%20tools');
    expect(found.body.items).toEqual([
      expect.not.objectContaining(flag),
      expect.objectContaining({ sequence: 'uses-tools', ...flag }),
    ]);
    const wired = await catalog.grpc<{ items: { sequence: string; danglingReferences?: object[] }[] }>(
      'TaskSequenceAuthoringService',
      'Search',
      { text: 'uses tools' },
    );
    expect(wired.items[1]?.danglingReferences).toEqual(flag.danglingReferences);
    await catalog.restart();
    expect(await dangling('uses-tools')).toBeDefined();
    catalog.tellOfContent('Package', 'saved', 'tools');
    await until(async () => (await dangling('uses-tools')) === undefined);
  });

  it('that is flagged can be mended node by node, and is then clean', async () => {
    catalog.tellOfContent('Package', 'deleted', 'other');
    await until(async () => (await dangling('uses-tools')) !== undefined);
    const patch = { operations: [{ op: 'disable', path: 'install other' }] };
    const { status, body } = await catalog.call<{ status: object }>(
      'PATCH',
      '/api/v1/task-sequences/uses-tools',
      patch,
      {
        'content-type': 'application/vnd.muster.sequence-patch+json',
      },
    );
    expect([status, body.status]).toEqual([
      200,
      expect.not.objectContaining({ danglingReferences: expect.anything() }),
    ]);
  });
});
