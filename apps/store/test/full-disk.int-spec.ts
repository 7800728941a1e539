import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { mayMount, SmallDisk } from '@muster/testing/small-disk.js';
import type { RunningStore } from '../src/store-process.js';
import { StoreOfWorkers } from './store-of-workers.js';
import { type StoreHome, filesBelow, makeHome, removeHome, sender, startHere } from './store-under-test.js';

const PAGE = 4096;
const itOnDisk = mayMount() ? it : it.skip;

describe('a store on a disk that fills', () => {
  let home: StoreHome;
  let disk: SmallDisk | undefined;
  let store: RunningStore | undefined;
  let s3: ReturnType<typeof sender>;

  const start = async () => {
    disk = SmallDisk.mount(16 * 1024 * 1024);
    home = await makeHome();
    home.folder = join(disk.folder, 'store');
    home.environment['MUSTER_STORE_FOLDER'] = home.folder;
    store = await startHere(home);
    s3 = sender(store.port);
    await s3('PUT', '/content');
    return disk;
  };
  afterEach(async () => {
    await store?.stop();
    disk?.unmount();
    await removeHome(home);
    [store, disk] = [undefined, undefined];
  });

  const read = async (key: string): Promise<Buffer> => (await s3('GET', `/content/${key}`)).body;
  const full = { status: 507, code: 'InsufficientStorage' };

  itOnDisk(
    'replaces an object or leaves it as it was, wherever room ends, and leaves nothing of what did not fit',
    async () => {
      const small = await start();
      const seen = new Set<number>();
      let before = randomBytes(3 * PAGE);
      expect((await s3('PUT', '/content/object', { body: before })).status).toBe(200);
      for (let pages = 0; pages <= 8; pages += 1) {
        const files = await filesBelow(home.folder);
        small.fill(pages * PAGE);
        const body = randomBytes(3 * PAGE);
        const answer = await s3('PUT', '/content/object', { body });
        seen.add(answer.status);
        if (answer.status !== 200) {
          expect(answer).toMatchObject(full);
          expect(await filesBelow(home.folder)).toEqual(files);
        } else before = body;
        expect((await read('object')).equals(before)).toBe(true);
      }
      expect([...seen].sort()).toEqual([200, 507]);
    },
  );

  itOnDisk('completes a multipart upload, or keeps its parts until there is room', async () => {
    const small = await start();
    const parts = [randomBytes(5 * 1024 * 1024), randomBytes(PAGE)];
    small.fill();
    expect(await s3('POST', '/content/parts?uploads')).toMatchObject(full);
    small.free();
    const { text } = await s3('POST', '/content/parts?uploads');
    const id = /<UploadId>(\w+)</.exec(text)![1]!;
    const path = (number: number) => `/content/parts?partNumber=${number}&uploadId=${id}`;
    const tags: string[] = [];
    for (const [index, body] of parts.entries()) {
      const files = await filesBelow(home.folder);
      small.fill(PAGE);
      expect(await s3('PUT', path(index + 1), { body })).toMatchObject(full);
      expect(await filesBelow(home.folder)).toEqual(files);
      small.free();
      const { status, headers } = await s3('PUT', path(index + 1), { body });
      expect(status).toBe(200);
      tags.push(`<Part><PartNumber>${index + 1}</PartNumber><ETag>${headers.etag}</ETag></Part>`);
    }
    const complete = () =>
      s3('POST', `/content/parts?uploadId=${id}`, {
        body: `<CompleteMultipartUpload>${tags.join('')}</CompleteMultipartUpload>`,
      });
    small.fill();
    expect(await complete()).toMatchObject(full);
    expect((await s3('GET', '/content/parts')).status).toBe(404);
    small.free();
    expect((await complete()).status).toBe(200);
    expect((await read('parts')).equals(Buffer.concat(parts))).toBe(true);
  });

  itOnDisk('lists, gives and removes when it is full, and what was removed is room again', async () => {
    const small = await start();
    const body = randomBytes(64 * PAGE);
    await s3('PUT', '/content/old', { body });
    small.fill();
    expect((await s3('GET', '/content?list-type=2')).text).toContain('<Key>old</Key>');
    expect((await read('old')).equals(body)).toBe(true);
    expect(await s3('PUT', '/content/new', { body: 'x' })).toMatchObject(full);
    expect((await s3('DELETE', '/content/old')).status).toBe(204);
    expect((await s3('PUT', '/content/new', { body: 'x' })).status).toBe(200);
    expect((await s3('GET', '/content/new')).text).toBe('x');
  });

  itOnDisk(
    'starts again when it is full, with all that it had, and says why when it is so full that it cannot',
    async () => {
      const small = await start();
      await s3('PUT', '/content/object', { body: 'kept' });
      await store!.stop();
      store = undefined;
      small.fill(2 * PAGE);
      store = await startHere(home);
      s3 = sender(store.port);
      expect((await s3('GET', '/content/object')).text).toBe('kept');
      await store.stop();
      store = undefined;
      small.fill();
      const before = await filesBelow(home.folder);
      await expect(startHere(home)).rejects.toMatchObject({
        code: 'store.not-writable',
        message: expect.stringContaining('ENOSPC') as string,
      });
      expect(await filesBelow(home.folder)).toEqual(before);
      small.free();
      store = await startHere(home);
      s3 = sender(store.port);
      expect((await s3('GET', '/content/object')).text).toBe('kept');
    },
  );

  itOnDisk('of several processes says so through all of them, and replaces one that dies all the same', async () => {
    disk = SmallDisk.mount(16 * 1024 * 1024);
    home = await makeHome({ MUSTER_STORE_PROCESSES: '2' });
    home.folder = join(disk.folder, 'store');
    home.environment['MUSTER_STORE_FOLDER'] = home.folder;
    const several = await StoreOfWorkers.start(home);
    try {
      await several.s3('PUT', '/content');
      await several.s3('PUT', '/content/kept', { body: 'kept' });
      const files = await filesBelow(home.folder);
      disk.fill();
      const refuses = async (): Promise<void> => {
        for (const lane of await several.lanes(2)) {
          expect(await lane('PUT', '/content/new', { body: randomBytes(3 * PAGE) })).toMatchObject(full);
          expect((await lane('GET', '/content/kept')).text).toBe('kept');
        }
      };
      await refuses();
      for (const pid of several.workers()) process.kill(pid, 'SIGKILL');
      await refuses();
      expect(await filesBelow(home.folder)).toEqual(files);
      disk.free();
      expect((await several.s3('PUT', '/content/new', { body: 'fits' })).status).toBe(200);
    } finally {
      await several.kill();
    }
  });
});
