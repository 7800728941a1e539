import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryFolder } from '@muster/testing/memory-folder.js';
import type { RunningStore } from '../src/store-process.js';
import type { TestAnswer } from './signed-request.js';
import {
  type Sender,
  type StoreHome,
  blobsOnDisk,
  ended,
  filesBelow,
  forkStore,
  listening,
  makeHome,
  multipart,
  removeHome,
  sender,
  startHere,
} from './store-under-test.js';

type Send = Sender;
const MIB = 1024 * 1024;
const preload = join(import.meta.dirname, '../../../dist/apps/store/test/kill-at-step.js');
/** No request changes the disk more often; a test that does not come to its end by then never will. */
const MOST_STEPS = 60;

const one = randomBytes(300_000);
const two = randomBytes(200_000);
const part = randomBytes(5 * MIB);

/** One request, what is there before it, and what must be so after a kill anywhere in it. */
interface Scenario<State = unknown> {
  prepare(s3: Send, bucket: string): Promise<State>;
  act(s3: Send, bucket: string, state: State): Promise<TestAnswer>;
  /** `acknowledged`: the client got a good answer before the kill. */
  check(s3: Send, bucket: string, state: State, acknowledged: boolean): Promise<void>;
}

const scenario = <State>(given: Scenario<State>): Scenario => given as Scenario;

async function oneOf(s3: Send, path: string, allowed: (Buffer | undefined)[]): Promise<void> {
  const read = await s3('GET', path);
  const found = read.status === 404 ? undefined : read.body;
  if (found) expect(read.headers['content-length']).toBe(String(found.length));
  expect(allowed.some((bytes) => (bytes && found ? bytes.equals(found) : bytes === found))).toBe(true);
}

const begin = (s3: Send, bucket: string) => multipart.begin(s3, `/${bucket}/key`);
const putPart = (s3: Send, bucket: string, id: string, number: number, body: Buffer) =>
  multipart.put(s3, `/${bucket}/key`, id, number, body);
const complete = (s3: Send, bucket: string, id: string, etags: string[]) =>
  multipart.complete(s3, `/${bucket}/key`, id, etags);

const scenarios: Record<string, Scenario> = {
  'a bucket being made': scenario({
    prepare: async () => undefined,
    act: (s3, bucket) => s3('PUT', `/${bucket}-new`),
    check: async (s3, bucket, _, acknowledged) => {
      const { status } = await s3('HEAD', `/${bucket}-new`);
      expect(acknowledged ? [200] : [200, 404]).toContain(status);
      if (status === 404) expect((await s3('PUT', `/${bucket}-new`)).status).toBe(200);
      expect((await s3('PUT', `/${bucket}-new/key`, { body: one })).status).toBe(200);
    },
  }),
  'a bucket being removed, with an unfinished upload in it': scenario({
    prepare: async (s3, bucket) => {
      await putPart(s3, bucket, await begin(s3, bucket), 1, one);
    },
    act: (s3, bucket) => s3('DELETE', `/${bucket}`),
    check: async (s3, bucket, _, acknowledged) => {
      expect(acknowledged ? [404] : [200, 404]).toContain((await s3('HEAD', `/${bucket}`)).status);
    },
  }),
  'a new object': scenario({
    prepare: async () => undefined,
    act: (s3, bucket) => s3('PUT', `/${bucket}/key`, { body: one }),
    check: (s3, bucket, _, acknowledged) => oneOf(s3, `/${bucket}/key`, acknowledged ? [one] : [one, undefined]),
  }),
  'an object being overwritten': scenario({
    prepare: (s3, bucket) => s3('PUT', `/${bucket}/key`, { body: one }),
    act: (s3, bucket) => s3('PUT', `/${bucket}/key`, { body: two }),
    check: (s3, bucket, _, acknowledged) => oneOf(s3, `/${bucket}/key`, acknowledged ? [two] : [one, two]),
  }),
  'an object being removed': scenario({
    prepare: (s3, bucket) => s3('PUT', `/${bucket}/key`, { body: one }),
    act: (s3, bucket) => s3('DELETE', `/${bucket}/key`),
    check: (s3, bucket, _, acknowledged) => oneOf(s3, `/${bucket}/key`, acknowledged ? [undefined] : [one, undefined]),
  }),
  'an object being copied over another one': scenario({
    prepare: async (s3, bucket) => {
      await s3('PUT', `/${bucket}/source`, { body: one });
      await s3('PUT', `/${bucket}/key`, { body: two });
    },
    act: (s3, bucket) => s3('PUT', `/${bucket}/key`, { headers: { 'x-amz-copy-source': `/${bucket}/source` } }),
    check: async (s3, bucket, _, acknowledged) => {
      await oneOf(s3, `/${bucket}/key`, acknowledged ? [one] : [one, two]);
      await s3('DELETE', `/${bucket}/key`);
      await oneOf(s3, `/${bucket}/source`, [one]);
    },
  }),
  'an upload being begun': scenario({
    prepare: async () => undefined,
    act: (s3, bucket) => s3('POST', `/${bucket}/key?uploads`),
    check: async (s3, bucket, _, acknowledged) => {
      const { text } = await s3('GET', `/${bucket}?uploads`);
      const [, id] = /<UploadId>(\w+)</.exec(text) ?? [];
      if (acknowledged) expect(id).toBeDefined();
      if (id) expect((await putPart(s3, bucket, id, 1, one)).status).toBe(200);
    },
  }),
  'a part replacing another one': scenario<string>({
    prepare: async (s3, bucket) => {
      const id = await begin(s3, bucket);
      await putPart(s3, bucket, id, 1, one);
      return id;
    },
    act: (s3, bucket, id) => putPart(s3, bucket, id, 1, two),
    check: async (s3, bucket, id, acknowledged) => {
      const { text } = await s3('GET', `/${bucket}/key?uploadId=${id}`);
      const etag = /<ETag>&quot;(\w+)&quot;</.exec(text)![1]!;
      expect((await complete(s3, bucket, id, [etag])).status).toBe(200);
      await oneOf(s3, `/${bucket}/key`, acknowledged ? [two] : [one, two]);
    },
  }),
  'an upload being completed over an object, with a part that is not used': scenario<{ id: string; etags: string[] }>({
    prepare: async (s3, bucket) => {
      await s3('PUT', `/${bucket}/key`, { body: one });
      const id = await begin(s3, bucket);
      const etags: string[] = [];
      for (const [at, body] of [part, two, one].entries()) {
        etags.push((await putPart(s3, bucket, id, at + 1, body)).headers.etag!);
      }
      return { id, etags: etags.slice(0, 2) };
    },
    act: (s3, bucket, { id, etags }) => complete(s3, bucket, id, etags),
    check: async (s3, bucket, { id, etags }, acknowledged) => {
      const whole = Buffer.concat([part, two]);
      await oneOf(s3, `/${bucket}/key`, acknowledged ? [whole] : [one, whole]);
      // A client that got no answer asks again, and one that gives up must not take the object with it.
      const isThere = (await s3('HEAD', `/${bucket}/key`)).headers['content-length'] === String(whole.length);
      if (isThere) expect((await s3('DELETE', `/${bucket}/key?uploadId=${id}`)).code).toBe('NoSuchUpload');
      expect((await complete(s3, bucket, id, etags)).status).toBe(200);
      await oneOf(s3, `/${bucket}/key`, [whole]);
    },
  }),
  'an upload being aborted': scenario<string>({
    prepare: async (s3, bucket) => {
      const id = await begin(s3, bucket);
      await putPart(s3, bucket, id, 1, one);
      await putPart(s3, bucket, id, 2, two);
      return id;
    },
    act: (s3, bucket, id) => s3('DELETE', `/${bucket}/key?uploadId=${id}`),
    check: async (s3, bucket, id, acknowledged) => {
      const { status } = await s3('DELETE', `/${bucket}/key?uploadId=${id}`);
      expect(acknowledged ? [404] : [204, 404]).toContain(status);
    },
  }),
};

describe('killed before every change of the disk that a request makes', () => {
  let home: StoreHome;

  beforeEach(async () => {
    // 512 folders are made and removed for each kill; what a killed process has written is in the files of a disk in memory all the same.
    home = await makeHome({}, memoryFolder(256 * MIB));
  });
  afterEach(() => removeHome(home));

  it.each(Object.keys(scenarios))('%s is as before or as after, and nothing is left over', (title) =>
    enumerate(scenarios[title]!, 1),
  );

  it.each(['an object being overwritten', 'a part replacing another one'])(
    '%s is so, too, when it is the coordinator of several processes that is killed',
    (title) => enumerate(scenarios[title]!, 2),
  );

  async function enumerate({ prepare, act, check }: Scenario, processes: number): Promise<void> {
    const served = { ...home, environment: { ...home.environment, MUSTER_STORE_PROCESSES: String(processes) } };
    let killed = 0;
    for (let killAt = 1; ; killAt += 1) {
      expect(killAt).toBeLessThan(MOST_STEPS);
      const bucket = `step-${killAt}`;
      const child = forkStore(served, { preload });
      const s3 = sender(await listening(child));
      await s3('PUT', `/${bucket}`);
      const state = await prepare(s3, bucket);
      await new Promise((resolve) => {
        child.once('message', resolve);
        child.send({ killAt });
      });
      const answer = await act(s3, bucket, state).catch(() => undefined);
      const survived = child.exitCode === null && child.signalCode === null && (await answers(s3));
      child.kill('SIGKILL');
      await ended(child);
      await verify(async (after) => {
        await check(after, bucket, state, answer !== undefined && answer.status < 300);
      });
      // A step begins with an empty folder, so that none costs more than the one before.
      await rm(home.folder, { recursive: true });
      if (survived) break;
      killed += 1;
    }
    expect(killed).toBeGreaterThan(0);
  }

  /** Opens the folder again, as it was left; checks; and looks that the disk holds what is named, and nothing else. */
  async function verify(check: (s3: Send) => Promise<void>): Promise<void> {
    expect((await blobsOnDisk(home.folder)).missing).toEqual([]);
    const store: RunningStore = await startHere(home);
    try {
      expect(await filesBelow(join(home.folder, 'tmp'))).toEqual([]);
      await store.collect();
      expect(await blobsOnDisk(home.folder)).toEqual({ missing: [], orphans: [] });
      await check(sender(store.port));
      await store.collect();
      expect(await blobsOnDisk(home.folder)).toEqual({ missing: [], orphans: [] });
    } finally {
      await store.stop();
    }
  }

  async function answers(s3: Send): Promise<boolean> {
    return s3('GET', '/livez').then(
      () => true,
      () => false,
    );
  }
});
