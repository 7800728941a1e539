import type { Problem } from '@muster/contracts/problem.js';
import { CatalogUnderTest, runs } from '../test/catalog-under-test.js';

let catalog: CatalogUnderTest;
beforeAll(async () => (catalog = await CatalogUnderTest.start()));
afterAll(() => catalog?.stop());

const remove = (name: string, query = '') => catalog.call<Problem>('DELETE', `/api/v1/task-sequences/${name}${query}`);
const users = ({ body }: { body: Problem }) => body.findings?.map(({ path, message }) => [path, message]);

describe('deleting a sequence', () => {
  it('is refused while nodes of others name it, disabled ones too; its own do not count', async () => {
    await catalog.save('base', [runs('true'), { sequence: 'base', disabled: true }]);
    await catalog.save('parent', [{ group: 'G', steps: [{ sequence: 'base' }] }]);
    await catalog.save('draft', [{ sequence: 'base', disabled: true }]);
    const refused = await remove('base');
    expect([refused.status, refused.body.code]).toEqual([409, 'resource.still-used']);
    expect(users(refused)).toEqual([
      ['TaskSequence/draft', 'TaskSequence "draft" names it in the node "base"'],
      ['TaskSequence/parent', 'TaskSequence "parent" names it in the node "G/base"'],
    ]);
    expect((await remove('base', '?dryRun=true')).body.code).toBe('resource.still-used');
    expect((await remove('base', '?force=true&dryRun=true')).status).toBe(200);
    expect((await remove('draft')).status).toBe(200);
    expect((await remove('parent')).status).toBe(200);
    expect((await remove('base')).status).toBe(200);
  });

  it('is refused while it is deployed, and done when it is forced', async () => {
    await catalog.save('deployed-one', [runs('true')]);
    const refused = await remove('deployed-one');
    expect(users(refused)).toEqual([['Deployment/deployed-one-pilot', 'Deployment "deployed-one-pilot" deploys it']]);
    expect((await remove('deployed-one', '?force=true')).status).toBe(200);
  });

  it('of none is that there is none, whoever deploys it', async () => {
    expect([(await remove('deployed-never')).status, (await remove('nobody')).status]).toEqual([404, 404]);
  });

  it('is refused and forced over gRPC just so', async () => {
    await catalog.save('deployed-two', [runs('true')]);
    const call = (more: object) => catalog.grpc('TaskSequenceService', 'Delete', { name: 'deployed-two', ...more });
    await expect(call({})).rejects.toThrow('is still used, in 1 place');
    expect(await call({ force: true })).toMatchObject({ metadata: { name: 'deployed-two' } });
  });
});
