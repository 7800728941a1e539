/**
 * `npm run bench:store-listing -- --keys N` (default 1,000,000): how long our store takes to start over so many keys, to list all of
 * them in order and to collect, and how much memory it has then; beside reading the same files as they lie on the disk. With
 * `--folder DIR` the keys are made there once and kept: run it twice.
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { builtApp } from '@muster/localsite/repository.js';
import { S3Store } from '../../apps/content/src/stores/s3-store.js';
import { SHARDS } from '../../apps/store/src/folder/layout.js';
import { fileNameOfKey, shardOfKey } from '../../apps/store/src/objects/key-file-names.js';
import { renderPointer } from '../../apps/store/src/objects/pointer.js';

const KEYS = { accessKeyId: 'BENCHKEY', secretAccessKey: 'secret-of-the-bench' };
const { values } = parseArgs({ options: { keys: { type: 'string', default: '1000000' }, folder: { type: 'string' } } });
const count = Number(values.keys);

const home = values.folder ?? (await mkdtemp(join(tmpdir(), 'muster-bench-')));
try {
  const folder = join(home, 'store');
  const objects = join(folder, 'buckets', 'content', 'objects');
  if (!existsSync(folder)) {
    const made = await timed(async () => makeKeys(folder, objects));
    say('writing the keys', made.seconds, `${count} pointer files`);
  }

  const baseline = await timed(() => readSome(objects));
  const filesPerSecond = Math.round(baseline.result / baseline.seconds);
  say(`baseline: reading ${baseline.result} pointer files`, baseline.seconds, `${filesPerSecond} files/s`);

  const credentials = join(home, 'keys.json');
  await writeFile(credentials, JSON.stringify([KEYS]), { mode: 0o600 });
  let collected = (_: string): void => undefined;
  const collection = new Promise<string>((resolve) => (collected = resolve));
  const started = performance.now();
  const child = fork(builtApp('store'), {
    env: { PATH: process.env['PATH'], MUSTER_STORE_FOLDER: folder, MUSTER_STORE_CREDENTIALS_FILE: credentials },
    execArgv: [],
    silent: true,
  });
  child.stdout?.on('data', (part: Buffer) => {
    const line = part
      .toString()
      .split('\n')
      .find((one) => one.includes('"collected"'));
    if (line !== undefined) collected(line);
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port));
    child.once('exit', (code) => reject(new Error(`the store ended with ${code}`)));
  });
  say('start of the store', (performance.now() - started) / 1000, `${memoryOf(child.pid!)} MB`);
  const store = new S3Store({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', bucket: 'content' }, KEYS);
  const pages: number[] = [];
  let found = 0;
  const listing = await timed(async () => {
    let after: string | undefined;
    do {
      const page = await timed(() => store.list('', { after }));
      pages.push(page.seconds * 1000);
      found += page.result.objects.length;
      after = page.result.next;
    } while (after !== undefined);
  });
  if (found !== count) throw new Error(`${found} keys were listed instead of ${count}`);
  pages.sort((a, b) => a - b);
  const percentile = (share: number) => pages[Math.floor((pages.length - 1) * share)]!.toFixed(1);
  say(
    'listing all of them in order, beside the collection',
    listing.seconds,
    `${perSecond(listing.seconds)} keys/s, ${memoryOf(child.pid!)} MB`,
  );
  console.log(
    `  pages of 1000: median ${percentile(0.5)} ms, 99 % ${percentile(0.99)} ms, longest ${percentile(1)} ms`,
  );
  console.log(`  a key takes ${((listing.seconds / count) * filesPerSecond).toFixed(2)} times the baseline`);
  const { milliseconds } = JSON.parse(await collection) as { milliseconds: number };
  say('collection in the background', milliseconds / 1000, `${memoryOf(child.pid!)} MB`);
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await exit;
} finally {
  if (values.folder === undefined) await rm(home, { recursive: true, force: true });
}

function makeKeys(folder: string, objects: string): void {
  for (const shard of SHARDS) mkdirSync(join(objects, shard), { recursive: true });
  writeFileSync(join(folder, 'layout.json'), '{"layoutVersion":1}\n');
  const createdAt = new Date().toISOString();
  writeFileSync(join(objects, '..', 'bucket.json'), JSON.stringify({ bucketVersion: 1, createdAt }));
  for (let n = 0; n < count; n += 1) {
    const hex = randomBytes(32).toString('hex');
    const key = `blobs/sha256/${hex.slice(0, 2)}/${hex}`;
    const pointer = renderPointer({
      pointerVersion: 1,
      key,
      size: 0,
      etag: hex.slice(0, 32),
      modifiedAt: createdAt,
      headers: {},
      metadata: {},
      blobs: [],
    });
    writeFileSync(join(objects, shardOfKey(key), fileNameOfKey(key)), pointer);
  }
}

/** Reads the files of every fourth shard, 16 at a time, as the store does. @returns how many */
async function readSome(objects: string): Promise<number> {
  let read = 0;
  for (const shard of SHARDS.filter((_, at) => at % 4 === 0)) {
    const names = await readdir(join(objects, shard));
    for (let at = 0; at < names.length; at += 16) {
      await Promise.all(names.slice(at, at + 16).map((name) => readFile(join(objects, shard, name))));
    }
    read += names.length;
  }
  return read;
}

/** Resident memory, MB. */
function memoryOf(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Math.round(Number(kilobytes) / 1024);
}

async function timed<Result>(work: () => Promise<Result>): Promise<{ result: Result; seconds: number }> {
  const from = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - from) / 1000 };
}

function perSecond(seconds: number): number {
  return Math.round(count / seconds);
}

function say(what: string, seconds: number, more: string): void {
  console.log(`${what}: ${seconds.toFixed(1)} s, ${more}`);
}
