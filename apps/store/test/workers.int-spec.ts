import { randomBytes } from 'node:crypto';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { until } from '@muster/testing/until.js';
import { sha256Hex, signHeaders } from './signed-request.js';
import { StoreOfWorkers, lives } from './store-of-workers.js';
import {
  ADMIN,
  type Sender,
  type StoreHome,
  blobsOnDisk,
  ended,
  filesBelow,
  forkStore,
  makeHome,
  multipart,
  removeHome,
  sender,
  startHere,
} from './store-under-test.js';

const MIB = 1024 * 1024;
const alone = { MUSTER_STORE_PROCESSES: '1', MUSTER_LOG_LEVEL: 'silent' };

describe('a store of several processes', () => {
  let home: StoreHome;
  let store: StoreOfWorkers;

  beforeEach(async () => {
    home = await makeHome({ MUSTER_STORE_PROCESSES: '2', MUSTER_LOG_LEVEL: 'debug' });
    store = await StoreOfWorkers.start(home);
    await store.s3('PUT', '/content');
  });

  afterEach(async () => {
    await store.kill();
    await removeHome(home);
  });

  /** Opens the folder with one process, as it was left, and looks that the disk holds what is named, and nothing else. */
  async function verifyAlone(check: (s3: Sender) => Promise<void>): Promise<void> {
    expect((await blobsOnDisk(home.folder)).missing).toEqual([]);
    const store = await startHere({ ...home, environment: { ...home.environment, ...alone } });
    try {
      expect(await filesBelow(join(home.folder, 'tmp'))).toEqual([]);
      await store.collect();
      expect(await blobsOnDisk(home.folder)).toEqual({ missing: [], orphans: [] });
      await check(sender(store.port));
    } finally {
      await store.stop();
    }
  }

  /** Begins a PUT and sends a part of its body. */
  function beginPut(path: string, contentLength: number, part: Buffer) {
    const { port } = store;
    const headers = signHeaders({ port, method: 'PUT', path, key: ADMIN, payloadHash: 'UNSIGNED-PAYLOAD' });
    const outgoing = request({
      host: '127.0.0.1',
      port,
      method: 'PUT',
      path,
      headers: { ...headers, 'content-length': contentLength },
      agent: false,
    });
    const answered = new Promise<number>((resolve) => {
      outgoing.on('response', (incoming) => resolve(incoming.resume().statusCode ?? 0));
      outgoing.on('error', () => resolve(0));
    });
    outgoing.write(part);
    return { outgoing, answered };
  }

  it('shows through each of them what was written, overwritten and removed through another', async () => {
    const lanes = await store.lanes(2);
    const [one, other] = lanes;
    const pids = await Promise.all(
      lanes.map(async (lane) => store.servedBy((await lane('GET', '/')).headers['x-amz-request-id'])),
    );
    expect(new Set(pids)).toEqual(new Set(store.workers()));

    for (let round = 0; round < 40; round += 1) {
      const [writer, reader] = round % 2 === 0 ? [one!, other!] : [other!, one!];
      const path = `/content/${round % 5}/key`;
      expect((await writer('PUT', path, { body: `round ${round}` })).status).toBe(200);
      expect((await reader('GET', path)).text).toBe(`round ${round}`);
      expect((await reader('GET', '/content?list-type=2')).text).toContain(`<Key>${round % 5}/key</Key>`);
      if (round % 3 === 0) {
        expect((await reader('DELETE', path)).status).toBe(204);
        expect((await writer('GET', path)).code).toBe('NoSuchKey');
        expect((await writer('GET', '/content?list-type=2')).text).not.toContain(`<Key>${round % 5}/key</Key>`);
      }
    }
    expect((await one!('PUT', '/another')).status).toBe(200);
    expect((await other!('GET', '/')).text).toContain('<Name>another</Name>');
    expect((await other!('DELETE', '/another')).status).toBe(204);
    expect((await one!('GET', '/another/key')).code).toBe('NoSuchBucket');
    expect((await one!('PUT', '/another/key', { body: 'x' })).code).toBe('NoSuchBucket');
  });

  it('lets exactly one of many win who write a key that must not be there, through all of them at once', async () => {
    const lanes = await store.lanes(6);
    for (let round = 0; round < 25; round += 1) {
      const path = `/content/once-${round}`;
      const answers = await Promise.all(
        lanes.map((lane, at) => lane('PUT', path, { body: `lane ${at}`, headers: { 'if-none-match': '*' } })),
      );
      const winners = answers.flatMap(({ status }, at) => (status === 200 ? [at] : []));
      expect(winners).toHaveLength(1);
      expect(answers.filter(({ code }) => code === 'PreconditionFailed')).toHaveLength(lanes.length - 1);
      expect((await store.s3('GET', path)).text).toBe(`lane ${winners[0]}`);
    }
  });

  it('loses no step of a counter that all of them raise by If-Match', async () => {
    const lanes = await store.lanes(4);
    await store.s3('PUT', '/content/counter', { body: '0' });
    let raised = 0;
    await Promise.all(
      lanes.map(async (lane) => {
        for (let n = 0; n < 20; n += 1) {
          const { text, headers } = await lane('GET', '/content/counter');
          const condition = { 'if-match': headers.etag! };
          const answer = await lane('PUT', '/content/counter', { body: String(Number(text) + 1), headers: condition });
          if (answer.status === 200) raised += 1;
          else expect(answer.code).toBe('PreconditionFailed');
        }
      }),
    );
    expect(raised).toBeGreaterThan(0);
    expect((await store.s3('GET', '/content/counter')).text).toBe(String(raised));
  });

  /** An object of three parts, and a reader of it that has read a little and then waits. */
  async function readSlowly(path: string) {
    const [lane] = await store.lanes(1);
    const parts = [randomBytes(6 * MIB), randomBytes(6 * MIB), randomBytes(6 * MIB)];
    const id = await multipart.begin(lane!, path);
    const etags: string[] = [];
    for (const [at, body] of parts.entries()) {
      etags.push((await multipart.put(lane!, path, id, at + 1, body)).headers.etag!);
    }
    expect((await multipart.complete(lane!, path, id, etags)).status).toBe(200);
    const headers = signHeaders({ port: store.port, method: 'GET', path, key: ADMIN });
    const outgoing = request({ host: '127.0.0.1', port: store.port, path, headers, agent: false });
    outgoing.end();
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.on('response', resolve);
      outgoing.on('error', reject);
    });
    await new Promise((resolve) => incoming.once('readable', resolve));
    return { incoming, whole: Buffer.concat(parts) };
  }

  const blobs = async () => (await filesBelow(join(home.folder, 'blobs'))).length;

  it('keeps all bytes of an object for who reads it in one process while another process overwrites it', async () => {
    const { incoming, whole } = await readSlowly('/content/large');
    for (const lane of await store.lanes(2)) await lane('PUT', '/content/large', { body: 'small' });
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece as Buffer);
    expect(sha256Hex(Buffer.concat(pieces))).toBe(sha256Hex(whole));
    await until(async () => (await blobs()) === 1);
  });

  it('removes what was read from a process that is killed, and what it was receiving', async () => {
    const { incoming } = await readSlowly('/content/large');
    incoming.on('error', () => undefined);
    beginPut('/content/fresh', 20 * MIB, randomBytes(3 * MIB));
    await until(async () => (await filesBelow(join(home.folder, 'tmp'))).length === 1);
    for (const lane of await store.lanes(2)) await lane('PUT', '/content/large', { body: 'small' });
    expect(await blobs()).toBeGreaterThan(1);
    for (const pid of store.workers()) process.kill(pid, 'SIGKILL');
    await until(async () => (await blobs()) === 1);
    await until(async () => (await filesBelow(join(home.folder, 'tmp'))).length === 0);
    const [lane] = await store.lanes(1);
    expect((await lane!('GET', '/content/large')).text).toBe('small');
    expect((await lane!('GET', '/content/fresh')).code).toBe('NoSuchKey');
  });

  it('lets who connects wait, and refuses nobody, while all its processes are being replaced', async () => {
    const before = store.workers();
    for (let round = 0; round < 3; round += 1) {
      const killed = store.workers();
      for (const pid of killed) process.kill(pid, 'SIGKILL');
      await until(() => killed.every((pid) => !lives(pid)));
      const [lane] = await store.lanes(1);
      expect((await lane!('PUT', '/content/key', { body: `round ${round}` })).status).toBe(200);
      expect((await lane!('GET', '/content/key')).text).toBe(`round ${round}`);
    }
    await until(() => store.workers().length === 2);
    expect(store.workers().filter((pid) => before.includes(pid))).toEqual([]);
  });

  it('loses nothing that it acknowledged, and shows nothing by halves, while its processes are killed in a storm', async () => {
    /** What the last acknowledged request on a key left; undefined is no object, "unknown" what got no answer. */
    const known = new Map<string, string | undefined | 'unknown'>();
    const over = new AbortController();
    let done = 0;
    const lane = async (name: string): Promise<void> => {
      for (let n = 0; !over.signal.aborted; n += 1) {
        const path = `/content/${name}-${n % 4}`;
        const body = randomBytes(200_000);
        const attempt = async (): Promise<void> => {
          const [s3] = await store.lanes(1);
          if (n % 5 === 4) {
            known.set(path, 'unknown');
            if ((await s3!('DELETE', path)).status === 204) known.set(path, undefined);
          } else if (n % 5 === 3) {
            const first = randomBytes(5 * MIB);
            const id = await multipart.begin(s3!, path);
            const etags = [
              (await multipart.put(s3!, path, id, 1, first)).headers.etag!,
              (await multipart.put(s3!, path, id, 2, body)).headers.etag!,
            ];
            known.set(path, 'unknown');
            if ((await multipart.complete(s3!, path, id, etags)).status === 200) {
              known.set(path, sha256Hex(Buffer.concat([first, body])));
            }
          } else {
            known.set(path, 'unknown');
            if ((await s3!('PUT', path, { body })).status === 200) known.set(path, sha256Hex(body));
          }
          const read = await s3!('GET', path);
          const wanted = known.get(path);
          expect(read.status).toBe(wanted === undefined ? 404 : 200);
          if (wanted !== undefined) expect(sha256Hex(read.body)).toBe(wanted);
          done += 1;
        };
        await attempt().catch((error: unknown) => {
          // A connection that broke is what a kill looks like; what a test expects is not.
          const code = (error as { code?: string }).code;
          if (code !== 'ECONNRESET' && code !== 'EPIPE') throw error;
        });
      }
    };
    const lanes = Promise.all(['a', 'b', 'c', 'd'].map(lane));
    const storm = async (): Promise<void> => {
      for (let kills = 0; kills < 8; kills += 1) {
        const before = done;
        await until(() => done >= before + 6 && store.workers().length === 2);
        process.kill(store.workers()[kills % 2]!, 'SIGKILL');
      }
    };
    await Promise.race([lanes, storm()]);
    over.abort();
    await lanes;

    const check = async (s3: Sender): Promise<void> => {
      for (const [path, wanted] of known) {
        const read = await s3('GET', path);
        if (wanted === 'unknown') expect([200, 404]).toContain(read.status);
        else expect([path, read.status === 404 ? undefined : sha256Hex(read.body)]).toEqual([path, wanted]);
        if (read.status === 200) expect(String(read.body.length)).toBe(read.headers['content-length']);
      }
    };
    const [s3] = await store.lanes(1);
    await check(s3!);
    await until(async () => (await filesBelow(join(home.folder, 'tmp'))).length === 0);
    await store.kill();
    await verifyAlone(check);
  });

  it('ends with its coordinator, and another one starts on the folder and the port at once', async () => {
    const body = randomBytes(100_000);
    await store.s3('PUT', '/content/kept', { body });
    const workers = store.workers();
    const { answered } = beginPut('/content/fresh', 20 * MIB, randomBytes(3 * MIB));
    await until(async () => (await filesBelow(join(home.folder, 'tmp'))).length === 1);
    store.child.kill('SIGKILL');
    await ended(store.child);
    const { port } = store;
    home.environment['MUSTER_STORE_PORT'] = String(port);
    store = await StoreOfWorkers.start(home);
    expect(store.port).toBe(port);
    expect(sha256Hex((await store.s3('GET', '/content/kept')).body)).toBe(sha256Hex(body));
    expect((await store.s3('GET', '/content/fresh')).code).toBe('NoSuchKey');
    expect(await answered).toBe(0);
    await until(() => workers.every((pid) => !lives(pid)));
    expect(await filesBelow(join(home.folder, 'tmp'))).toEqual([]);
  });

  it('finishes requests in flight in all its processes when asked to stop, as a whole group too', async () => {
    const body = randomBytes(2 * MIB);
    const begun = [1, 2, 3].map((n) => beginPut(`/content/slow-${n}`, body.length, body.subarray(0, MIB)));
    await until(async () => (await filesBelow(join(home.folder, 'tmp'))).length === 3);
    for (const pid of [...store.workers(), store.child.pid!]) process.kill(pid, 'SIGTERM');
    await until(() =>
      sender(store.port)('GET', '/livez').then(
        () => false,
        () => true,
      ),
    );
    for (const { outgoing } of begun) outgoing.end(body.subarray(MIB));
    expect(await Promise.all(begun.map(({ answered }) => answered))).toEqual([200, 200, 200]);
    expect(await ended(store.child)).toEqual({ code: 0, signal: null });
    expect(await filesBelow(home.folder)).not.toContain(join(home.folder, 'lock'));
    await verifyAlone(async (s3) => {
      for (const n of [1, 2, 3]) expect(sha256Hex((await s3('GET', `/content/slow-${n}`)).body)).toBe(sha256Hex(body));
    });
  });

  it('refuses a second store on its folder', async () => {
    const second = forkStore(home);
    let stderr = '';
    second.stderr?.on('data', (part: Buffer) => (stderr += part.toString()));
    const code = await new Promise((resolve) => second.once('close', resolve));
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(new RegExp(`^store\\.locked: .*process ${store.child.pid} on .*\n$`)),
    ]);
  });
});
