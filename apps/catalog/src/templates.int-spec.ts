import { CatalogUnderTest, type SavedSequence } from '../test/catalog-under-test.js';

let catalog: CatalogUnderTest;
beforeAll(async () => (catalog = await CatalogUnderTest.start()));
afterAll(() => catalog.stop());

const SERVICE = 'TaskSequenceAuthoringService';
const ROUTE = '/api/v1/task-sequences/-/templates';
const parameters = { image: 'windows-11', clientPackage: 'client', workgroup: 'LAB' };
interface Problem {
  code: string;
  detail: string;
  findings?: { path: string; code: string; fix?: string }[];
}

describe('a sequence made of a template', () => {
  it('is offered with what each template asks for', async () => {
    const { body } = await catalog.call<{
      items: { name: string; parameters: { name: string; required: boolean }[] }[];
    }>('GET', ROUTE);
    expect(body.items.map(({ name }) => name)).toContain('build-and-capture');
    expect(body.items[0]?.parameters.slice(0, 2)).toMatchObject([
      { name: 'image', required: true },
      { name: 'clientPackage', required: true },
    ]);
    const listed = await catalog.grpc<{ items: { name: string }[] }>(SERVICE, 'ListTemplates', {});
    expect(listed.items.map(({ name }) => name)).toEqual(body.items.map(({ name }) => name));
  });

  it('is saved as its first revision, with a comment that says where it came from', async () => {
    const query = '?comment=for%20the%20lab';
    const wanted = { metadata: { name: 'lab-pc', labels: { team: 'lab' } }, parameters };
    const { status, body, headers } = await catalog.call<SavedSequence>(
      'POST',
      `${ROUTE}/install-image${query}`,
      wanted,
    );
    expect([status, headers.get('location')]).toEqual([201, '/api/v1/task-sequences/lab-pc']);
    expect(body.spec.steps.map((node) => node['group'])).toEqual([
      'Capture Files and Settings',
      'Install Operating System',
      'Setup Operating System',
      'Restore User Files',
    ]);
    const { body: again } = await catalog.call<Problem>('POST', `${ROUTE}/install-image`, wanted);
    expect(again.code).toBe('resource.name-taken');
    const { body: revisions } = await catalog.call<{ items: { comment: string }[] }>(
      'GET',
      '/api/v1/task-sequences/lab-pc/revisions',
    );
    expect(revisions.items.map(({ comment }) => comment)).toEqual(['for the lab']);
  });

  it('is shown and not kept by a dry run', async () => {
    const wanted = { metadata: { name: 'only-shown' }, parameters };
    const { status } = await catalog.call('POST', `${ROUTE}/install-image?dryRun=true`, wanted);
    expect(status).toBe(201);
    expect((await catalog.call('GET', '/api/v1/task-sequences/only-shown')).status).toBe(404);
  });

  it('is made over gRPC just so', async () => {
    const made = await catalog.grpc<{ metadata: { name: string; folder: string } }>(SERVICE, 'CreateFromTemplate', {
      template: 'custom',
      metadata: { name: 'by-grpc', folder: '/lab' },
      parameters: {},
    });
    expect(made.metadata).toMatchObject({ name: 'by-grpc', folder: '/lab' });
    await expect(
      catalog.grpc(SERVICE, 'CreateFromTemplate', { template: 'upgrade', metadata: { name: 'x' }, parameters: {} }),
    ).rejects.toThrow('/parameters/upgradePackage: "upgradePackage" is missing');
  });

  it('is refused with every finding when parameters are missing or wrong', async () => {
    const wanted = { metadata: { name: 'not-made' }, parameters: { image: 7, colour: 'blue' } };
    const { status, body } = await catalog.call<Problem>('POST', `${ROUTE}/install-image`, wanted);
    expect([status, body.code]).toEqual([400, 'template.parameters']);
    expect(body.findings?.map(({ path }) => path)).toEqual([
      '/parameters/image',
      '/parameters/clientPackage',
      '/parameters/colour',
      '/parameters/domain',
    ]);
  });

  it.each([
    ['instal-image', { metadata: { name: 'a' } }, 404, 'template.unknown'],
    ['install-image', { metadata: { name: 'Not A Name' } }, 400, 'document.invalid'],
    ['install-image', { parameters: {} }, 400, 'document.invalid'],
    ['install-image', [], 400, 'document.invalid'],
    [
      'install-image',
      { metadata: { name: 'a' }, parameters: { ...parameters, clientPackage: 'nothing-there' } },
      400,
      'sequence.unresolved-reference',
    ],
  ])('of "%s" with %j is refused', async (template, wanted, status, code) => {
    const answer = await catalog.call<Problem>('POST', `${ROUTE}/${template}`, wanted);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});
