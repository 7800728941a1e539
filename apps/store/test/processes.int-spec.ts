import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { until } from '@muster/testing/until.js';
import { sha256Hex, signHeaders } from './signed-request.js';
import {
  ADMIN,
  type StoreHome,
  ended,
  filesBelow,
  forkStore,
  makeHome,
  removeHome,
  sender,
  startHere,
  startProcess,
} from './store-under-test.js';

describe('a store process', () => {
  let home: StoreHome;
  let children: ChildProcess[];

  beforeEach(async () => {
    home = await makeHome();
    children = [];
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(children.map(ended));
    await removeHome(home);
  });

  async function start(options: { maxFileKiB?: number } = {}) {
    const started = await startProcess(home, options);
    children.push(started.child);
    return { ...started, s3: sender(started.port) };
  }

  /** Begins a PUT and sends a part of its body. The request fails when the store dies, which is expected. */
  function beginPut(port: number, path: string, contentLength: number, part: Buffer) {
    const payloadHash = 'UNSIGNED-PAYLOAD';
    const headers = signHeaders({ port, method: 'PUT', path, key: ADMIN, payloadHash });
    const outgoing = request({
      host: '127.0.0.1',
      port,
      method: 'PUT',
      path,
      headers: { ...headers, 'content-length': contentLength },
    });
    outgoing.on('error', () => undefined);
    outgoing.write(part);
    return outgoing;
  }

  const unfinished = () => filesBelow(join(home.folder, 'tmp'));

  it('keeps buckets, objects, order and metadata over a restart, and stops cleanly', async () => {
    const first = await start();
    await first.s3('PUT', '/content');
    const body = randomBytes(50_000);
    const longKey = `long/${'k'.repeat(1000)}`;
    for (const key of ['b', 'a', 'c/1', longKey, '%F0%9F%98%80']) {
      const headers = { 'content-type': 'text/x', 'x-amz-meta-note': 'kept' };
      expect((await first.s3('PUT', `/content/${key}`, { body, headers })).status).toBe(200);
    }
    await first.s3('DELETE', '/content/b');
    const listing = (await first.s3('GET', '/content?list-type=2')).text;
    first.child.kill('SIGTERM');
    expect(await ended(first.child)).toEqual({ code: 0, signal: null });
    expect(await filesBelow(home.folder)).not.toContain(join(home.folder, 'lock'));

    const second = await start();
    expect((await second.s3('GET', '/content?list-type=2')).text).toBe(listing);
    const read = await second.s3('GET', `/content/${longKey}`);
    expect(sha256Hex(read.body)).toBe(sha256Hex(body));
    expect(read.headers).toMatchObject({ 'content-type': 'text/x', 'x-amz-meta-note': 'kept' });
    expect((await second.s3('GET', '/content/b')).code).toBe('NoSuchKey');
  });

  it('killed in the middle of a PUT and of an overwrite shows the old object, no new one, and no rest', async () => {
    const first = await start();
    await first.s3('PUT', '/content');
    const original = randomBytes(1_000_000);
    await first.s3('PUT', '/content/overwritten', { body: original });
    const part = randomBytes(3_000_000);
    beginPut(first.port, '/content/overwritten', 20_000_000, part);
    beginPut(first.port, '/content/fresh', 20_000_000, part);
    await until(async () => (await unfinished()).length === 2);
    first.child.kill('SIGKILL');
    await ended(first.child);

    const second = await start();
    const read = await second.s3('GET', '/content/overwritten');
    expect(sha256Hex(read.body)).toBe(sha256Hex(original));
    expect((await second.s3('GET', '/content/fresh')).code).toBe('NoSuchKey');
    expect((await second.s3('GET', '/content?list-type=2')).text.match(/<Key>/g)).toHaveLength(1);
    expect(await unfinished()).toEqual([]);
  });

  it('killed at random moments of small writes has every acknowledged one, whole, and opens again', async () => {
    const acknowledged = new Map<string, string>();
    for (const [round, killAfter] of [7, 20, 45, 80].entries()) {
      const { child, s3 } = await start();
      await s3('PUT', '/content');
      let written = 0;
      const writer = async (lane: number): Promise<void> => {
        for (let n = 0; ; n += 1) {
          const key = `${lane}-${n % 10}`;
          const body = `${round} ${lane} ${n} ${'x'.repeat(3000)}`;
          const answer = await s3('PUT', `/content/${key}`, { body }).catch(() => undefined);
          if (!answer) return;
          acknowledged.set(key, body);
          written += 1;
          // The other three writers are anywhere between their first byte and their answer.
          if (written === killAfter) child.kill('SIGKILL');
        }
      };
      await Promise.all([writer(0), writer(1), writer(2), writer(3)]);
      expect(written).toBeGreaterThanOrEqual(killAfter);
      await ended(child);
    }
    const { s3 } = await start();
    for (const [key, body] of acknowledged) {
      const read = await s3('GET', `/content/${key}`);
      expect(read.status).toBe(200);
      // A write that was under way when the process died may have taken effect without being acknowledged.
      const [round, lane, n] = read.text.split(' ').map(Number);
      const [wasRound = 0, wasLane, wasN = 0] = body.split(' ').map(Number);
      expect(read.text).toBe(`${round} ${lane} ${n} ${'x'.repeat(3000)}`);
      expect(lane).toBe(wasLane);
      expect((round ?? -1) * 1e6 + (n ?? -1)).toBeGreaterThanOrEqual(wasRound * 1e6 + wasN);
    }
  });

  it('answers 507 when the disk is full, keeps nothing of that PUT, and goes on serving', async () => {
    const { s3 } = await start({ maxFileKiB: 1024 });
    await s3('PUT', '/content');
    expect((await s3('PUT', '/content/object', { body: 'fits' })).status).toBe(200);
    const before = await filesBelow(home.folder);
    const full = await s3('PUT', '/content/object', { body: Buffer.alloc(2_000_000) });
    expect({ status: full.status, code: full.code }).toEqual({ status: 507, code: 'InsufficientStorage' });
    expect(await filesBelow(home.folder)).toEqual(before);
    expect((await s3('GET', '/content/object')).text).toBe('fits');
    expect((await s3('PUT', '/content/second', { body: 'also fits' })).status).toBe(200);

    const begun = await s3('POST', '/content/parts?uploads');
    const id = /<UploadId>(\w+)</.exec(begun.text)![1]!;
    const between = await filesBelow(home.folder);
    const part = await s3('PUT', `/content/parts?partNumber=1&uploadId=${id}`, { body: Buffer.alloc(2_000_000) });
    expect(part.code).toBe('InsufficientStorage');
    expect(await filesBelow(home.folder)).toEqual(between);
    const { headers } = await s3('PUT', `/content/parts?partNumber=1&uploadId=${id}`, { body: 'fits' });
    const list = `<Part><PartNumber>1</PartNumber><ETag>${headers.etag}</ETag></Part>`;
    const done = await s3('POST', `/content/parts?uploadId=${id}`, {
      body: `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`,
    });
    expect(done.status).toBe(200);
    expect((await s3('DELETE', '/content/object')).status).toBe(204);
  });

  it('finishes requests in flight when asked to stop, and takes no new ones', async () => {
    const { child, port, s3 } = await start();
    await s3('PUT', '/content');
    const body = randomBytes(2_000_000);
    const outgoing = beginPut(port, '/content/slow', body.length, body.subarray(0, 1_000_000));
    const answered = new Promise<number>((resolve) => {
      outgoing.on('response', (incoming) => {
        incoming.resume();
        resolve(incoming.statusCode ?? 0);
      });
    });
    await until(async () => (await unfinished()).length === 1);
    child.kill('SIGTERM');
    await until(() =>
      s3('GET', '/livez').then(
        () => false,
        () => true,
      ),
    );
    outgoing.end(body.subarray(1_000_000));
    expect(await answered).toBe(200);
    expect(await ended(child)).toEqual({ code: 0, signal: null });
    const again = await start();
    expect(sha256Hex((await again.s3('GET', '/content/slow')).body)).toBe(sha256Hex(body));
  });

  it('does not outlive its supervisor', async () => {
    const { child, port } = await start();
    child.disconnect();
    expect(await ended(child)).toEqual({ code: 0, signal: null });
    await expect(sender(port)('GET', '/livez')).rejects.toThrow();
  });

  it('says on stdout where it listens', async () => {
    home.environment['MUSTER_LOG_LEVEL'] = 'info';
    const child = forkStore(home);
    children.push(child);
    let output = '';
    child.stdout?.on('data', (part: Buffer) => (output += part.toString()));
    const message = await new Promise((resolve) => child.once('message', resolve));
    await until(() => output.includes('\n'));
    const line = JSON.parse(output.split('\n')[0] ?? '') as { msg: string; port: number };
    expect(line).toMatchObject({ msg: 'listening', port: expect.any(Number) });
    expect(message).toEqual({ type: 'listening', port: line.port });
  });

  it('takes the folder over from a killed one, but not from a living one', async () => {
    const first = await start();
    const refused = await failure();
    expect(refused).toMatch(new RegExp(`^store\\.locked: .*process ${first.child.pid} on .*\n$`));
    first.child.kill('SIGKILL');
    await ended(first.child);
    const second = await start();
    expect((await second.s3('GET', '/')).status).toBe(200);
  });

  it('started many times at once on a folder left by a killed one runs once', async () => {
    const first = await start();
    first.child.kill('SIGKILL');
    await ended(first.child);
    const racers = Array.from({ length: 4 }, () => forkStore(home));
    children.push(...racers);
    const outcomes = await Promise.all(
      racers.map(
        (child) =>
          new Promise<string>((resolve) => {
            child.once('message', () => resolve('listening'));
            child.once('exit', () => resolve('refused'));
          }),
      ),
    );
    expect(outcomes.sort()).toEqual(['listening', 'refused', 'refused', 'refused']);
  });

  /** Starts a process that must fail, and gives back what it wrote to stderr. */
  async function failure(more: Record<string, string | undefined> = {}): Promise<string> {
    const environment = { ...home.environment };
    for (const [name, value] of Object.entries(more)) {
      if (value === undefined) delete environment[name];
      else environment[name] = value;
    }
    const child = forkStore({ ...home, environment });
    children.push(child);
    let stderr = '';
    child.stderr?.on('data', (part: Buffer) => (stderr += part.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(1);
    return stderr;
  }

  describe('refuses to start in one line', () => {
    it('for a folder of another version, which it leaves alone', async () => {
      await (await startHere(home)).stop();
      const layout = join(home.folder, 'layout.json');
      await writeFile(layout, '{"layoutVersion":2}');
      const before = await filesBelow(home.folder);
      expect(await failure()).toMatch(/^store\.layout-version: .* version 2, .* version 1; .*\n$/);
      expect(await filesBelow(home.folder)).toEqual(before);
      await writeFile(layout, 'garbage');
      expect(await failure()).toMatch(/^store\.layout-version: .* version unknown.*\n$/);
      expect(await readFile(layout, 'utf8')).toBe('garbage');
    });

    it('for a folder with other things in it', async () => {
      await mkdir(home.folder);
      await writeFile(join(home.folder, 'holiday.jpg'), '');
      expect(await failure()).toMatch(/^store\.layout-version: .*"holiday\.jpg".*\n$/);
    });

    it('for a folder that is a file', async () => {
      await writeFile(home.folder, '');
      expect(await failure()).toMatch(/^store\.not-writable: .*\n$/);
    });

    it('for a port in use', async () => {
      const blocker = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => blocker.once('listening', resolve));
      const { port } = blocker.address() as AddressInfo;
      expect(await failure({ MUSTER_STORE_PORT: String(port) })).toMatch(
        new RegExp(`^store\\.port-in-use: 127\\.0\\.0\\.1:${port} .*\n$`),
      );
      blocker.close();
    });

    it('for a missing or wrong setting, naming it and what it must be', async () => {
      expect(await failure({ MUSTER_STORE_FOLDER: undefined })).toMatch(
        /^store\.config: MUSTER_STORE_FOLDER must .*\n$/,
      );
      expect(await failure({ MUSTER_STORE_PORT: '99999' })).toMatch(
        /^store\.config: MUSTER_STORE_PORT must .*65535\n$/,
      );
      expect(await failure({ MUSTER_STORE_PORT: 'x', MUSTER_LOG_LEVEL: 'loud' })).toMatch(
        /^store\.config: MUSTER_STORE_PORT must .*; MUSTER_LOG_LEVEL must .*\n$/,
      );
    });

    it('for credentials that are missing, malformed or open to others, without showing them', async () => {
      const file = home.environment['MUSTER_STORE_CREDENTIALS_FILE'] ?? '';
      await chmod(file, 0o644);
      expect(await failure()).toMatch(/^store\.credentials-file: .* has mode 644; .* must be 600\n$/);
      await chmod(file, 0o600);
      await writeFile(file, JSON.stringify([{ accessKeyId: 'KEY', secretAccessKey: 'hunter2' }]));
      const short = await failure();
      expect(short).toMatch(/^store\.credentials-file: .*0\.secretAccessKey.*\n$/);
      expect(short).not.toContain('hunter2');
      await writeFile(file, JSON.stringify([ADMIN, ADMIN]));
      expect(await failure()).toMatch(/^store\.credentials-file: .*twice.*\n$/);
      await writeFile(file, 'not json');
      expect(await failure()).toMatch(/^store\.credentials-file: .*not JSON.*\n$/);
      await rm(file);
      expect(await failure()).toMatch(/^store\.credentials-file: .*ENOENT.*\n$/);
    });
  });
});
