import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import type { Folder, FolderMoved } from '@muster/contracts/kinds/folder.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { until } from '@muster/testing/until.js';
import { CatalogUnderTest, runs } from '../test/catalog-under-test.js';

let catalog: CatalogUnderTest;
beforeAll(async () => (catalog = await CatalogUnderTest.start()));
afterAll(() => catalog.stop());

const ROUTE = '/api/v1/task-sequences/-/folders';
const SERVICE = 'TaskSequenceAuthoringService';
interface Problem {
  code: string;
  findings?: { path: string; message: string }[];
}

async function save(name: string, folder?: string) {
  const document = {
    apiVersion: 'muster/v1',
    kind: 'TaskSequence',
    metadata: { name, ...(folder === undefined ? {} : { folder }) },
    spec: { steps: [runs('true')] },
  };
  const answer = await catalog.call<{ metadata: { folder?: string; resourceVersion: string } }>(
    'PUT',
    `/api/v1/task-sequences/${name}`,
    document,
  );
  if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
  return answer.body;
}

async function folders(under = '/'): Promise<string[]> {
  const paths: string[] = [];
  let next: string | undefined;
  do {
    const query = `?limit=2&under=${encodeURIComponent(under)}${next === undefined ? '' : `&continue=${next}`}`;
    const { body } = await catalog.call<{ metadata: { continue?: string }; items: Folder[] }>('GET', ROUTE + query);
    paths.push(...body.items.map(({ path, sequences }) => `${path} ${sequences}`));
    next = body.metadata.continue;
  } while (next !== undefined);
  return paths;
}

async function namesIn(folder: string): Promise<string[]> {
  const { body } = await catalog.call<{ items: { metadata: { name: string } }[] }>(
    'GET',
    `/api/v1/task-sequences?folder=${encodeURIComponent(folder)}`,
  );
  return body.items.map(({ metadata }) => metadata.name);
}

describe('a folder', () => {
  it('is made, with those around it, by the sequence that is saved into it', async () => {
    await save('web', '/servers/linux/web');
    await save('db', '/servers/linux');
    await save('nowhere');
    expect(await folders()).toEqual(['/servers 0', '/servers/linux 1', '/servers/linux/web 1']);
    expect(await folders('/servers/linux')).toEqual(['/servers/linux/web 1']);
    expect([await namesIn('/servers/linux'), await namesIn('/'), await namesIn('/nothing')]).toEqual([
      ['db'],
      ['nowhere'],
      [],
    ]);
  });

  it('is made by itself, once', async () => {
    expect((await catalog.call('POST', `${ROUTE}?dryRun=true`, { path: '/lab/a' })).status).toBe(201);
    expect(await folders('/lab')).toEqual([]);
    expect((await catalog.call('POST', ROUTE, { path: '/lab/a' })).status).toBe(201);
    const again = await catalog.call<Problem>('POST', ROUTE, { path: '/lab/a' });
    expect([again.status, again.body.code]).toEqual([409, 'folder.exists']);
  });

  it('moves with everything in it, and every sequence tells so, without a revision', async () => {
    const { body, status } = await catalog.call<FolderMoved>('POST', `${ROUTE}/move`, {
      from: '/servers/linux',
      to: '/unix/linux',
    });
    expect([status, body]).toEqual([200, { from: '/servers/linux', to: '/unix/linux', folders: 2, sequences: 2 }]);
    expect(await folders()).toEqual([
      '/lab 0',
      '/lab/a 0',
      '/servers 0',
      '/unix 0',
      '/unix/linux 1',
      '/unix/linux/web 1',
    ]);
    const { body: web } = await catalog.call<{ metadata: { folder: string; generation: number }; status: object }>(
      'GET',
      '/api/v1/task-sequences/web',
    );
    expect(web).toMatchObject({ metadata: { folder: '/unix/linux/web', generation: 1 }, status: { revision: 1 } });
    const facts = await catalog.database.query<{ payload: { resource: { metadata: { folder?: string } } } }>(
      `select payload from outbox where subject = $1 and payload #>> '{resource,metadata,name}' = 'web' order by sequence`,
      [resourceEvents(taskSequence).saved.subject({ site: 'S01' })],
    );
    expect(facts.map(({ payload }) => payload.resource.metadata.folder)).toEqual([
      '/servers/linux/web',
      '/unix/linux/web',
    ]);
    const { body: found } = await catalog.call<{ items: { sequence: string }[] }>(
      'GET',
      '/api/v1/task-sequences/-/search?text=unix',
    );
    expect(found.items.map(({ sequence }) => sequence)).toEqual(['db', 'web']);
  });

  it('of more sequences than are moved at once moves completely', async () => {
    await Promise.all(
      Array.from({ length: 120 }, (_, index) => save(`many-${String(index).padStart(3, '0')}`, '/many')),
    );
    const { body } = await catalog.call<FolderMoved>('POST', `${ROUTE}/move`, { from: '/many', to: '/more' });
    expect(body.sequences).toBe(120);
    expect([(await namesIn('/more')).length > 99, await namesIn('/many')]).toEqual([true, []]);
  });

  it('is not deleted while something is in it, which is named', async () => {
    const { status, body } = await catalog.call<Problem>('DELETE', `${ROUTE}?path=/unix`);
    expect([status, body.code]).toEqual([409, 'folder.not-empty']);
    expect(body.findings?.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      '/unix/linux: TaskSequence "db" is in it',
      '/unix/linux/web: TaskSequence "web" is in it',
      '/unix/linux: a folder is in it',
      '/unix/linux/web: a folder is in it',
    ]);
    expect((await catalog.call('DELETE', `${ROUTE}?path=/lab/a&dryRun=true`)).status).toBe(204);
    expect((await catalog.call('DELETE', `${ROUTE}?path=/lab/a`)).status).toBe(204);
    expect(await folders('/lab')).toEqual([]);
  });

  it('that a sequence is saved into in the same moment is not deleted under it', async () => {
    for (let round = 0; round < 10; round++) {
      const path = `/race/r${round}`;
      await catalog.call('POST', ROUTE, { path });
      await Promise.all([save('racer', path), catalog.call('DELETE', `${ROUTE}?path=${path}`)]);
      expect(await folders('/race')).toContain(`${path} 1`);
    }
  });

  it('is the same over gRPC', async () => {
    await catalog.grpc(SERVICE, 'CreateFolder', { path: '/by/grpc' });
    await catalog.grpc(SERVICE, 'MoveFolder', { from: '/by/grpc', to: '/by/wire' });
    const { items } = await catalog.grpc<{ items: Folder[] }>(SERVICE, 'ListFolders', { under: '/by' });
    expect(items.map(({ path }) => path)).toEqual(['/by/wire']);
    await catalog.grpc(SERVICE, 'DeleteFolder', { path: '/by/wire' });
    await expect(catalog.grpc(SERVICE, 'DeleteFolder', { path: '/by/wire' })).rejects.toThrow('There is no folder');
    const listed = await catalog.grpc<{ items: { metadata: { name: string } }[] }>('TaskSequenceService', 'List', {
      folder: '/unix/linux',
    });
    expect(listed.items.map(({ metadata }) => metadata.name)).toEqual(['db']);
  });
});

describe('what is asked of folders wrongly', () => {
  it.each([
    ['POST', ROUTE, { path: 'no-slash' }, 400, 'document.invalid'],
    ['POST', ROUTE, { path: '/' }, 400, 'document.invalid'],
    ['POST', ROUTE, { path: '/a//b' }, 400, 'document.invalid'],
    ['POST', ROUTE, { path: `/${'x'.repeat(600)}` }, 400, 'document.invalid'],
    ['POST', `${ROUTE}/move`, { from: '/nothing', to: '/x' }, 404, 'folder.not-found'],
    ['POST', `${ROUTE}/move`, { from: '/unix', to: '/unix/linux/below' }, 400, 'folder.into-itself'],
    ['POST', `${ROUTE}/move`, { from: '/unix', to: '/unix' }, 400, 'folder.into-itself'],
    ['POST', `${ROUTE}/move`, { from: '/servers', to: '/unix' }, 409, 'folder.exists'],
    ['POST', `${ROUTE}/move`, { from: '/unix', to: `/${'x'.repeat(505)}` }, 400, 'folder.too-long'],
    ['DELETE', `${ROUTE}?path=/nothing`, undefined, 404, 'folder.not-found'],
    ['DELETE', ROUTE, undefined, 400, 'document.invalid'],
    ['GET', `${ROUTE}?continue=nonsense`, undefined, 400, 'request.bad-continue'],
    ['GET', '/api/v1/task-sequences?folder=x', undefined, 400, 'document.invalid'],
    ['GET', '/api/v1/task-sequences?folder=/x&watch=true', undefined, 400, 'request.invalid'],
  ])('%s %s %j is refused', async (method, path, body, status, code) => {
    const answer = await catalog.call<Problem>(method, path, body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});

describe('two who work on folders at the same time', () => {
  it('do not meet: a folder does not move to where somebody else makes one', async () => {
    await save('mover', '/mover');
    let moved: ReturnType<typeof catalog.call<Problem>> | undefined;
    await catalog.database.transaction(async (tx) => {
      await tx.query(`insert into folder (path, created_by) values ('/taken', 'somebody')`);
      moved = catalog.call<Problem>('POST', `${ROUTE}/move`, { from: '/mover', to: '/taken' });
      await until(async () => (await catalog.database.query('select 1 from pg_locks where not granted')).length > 0);
    });
    expect(await moved).toMatchObject({ status: 409, body: { code: 'folder.exists' } });
    expect(await namesIn('/mover')).toEqual(['mover']);
  });
});
