import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import type { Digest } from '@muster/contracts/digest.js';
import { Client } from 'minio';

const help = `npm run bench:download [-- --mib 512 --rounds 5 --large-mib 1024]

The agent's download of one object, verified and durable on the disk, from a store process of the project, beside
  curl       the same address into a file on the same disk
  sha256sum  the same bytes
Goal: at least 0.7 times the throughput of the slower of the two (the agent does both, and syncs the file to the disk).
Then the peak memory of a process that downloads 64 MiB, and one that downloads --large-mib. Rounds are interleaved; figures are
medians with (lowest … highest).`;

const bytesOfMebibyte = 1024 * 1024;
const bucket = 'bench';
const key = { accessKeyId: 'BENCHKEY', secretAccessKey: randomBytes(24).toString('hex') };

interface Downloaded {
  readonly milliseconds: number;
  readonly peakKibibytes: number;
}

interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  return { median: at(sorted.length >> 1), low: at(0), high: at(sorted.length - 1) };
}

function show(name: string, { median, low, high }: Spread, unit: string): void {
  console.log(`${name.padEnd(28)} ${median.toFixed(2)} (${low.toFixed(2)} … ${high.toFixed(2)}) ${unit}`);
}

async function startStore(folder: string): Promise<{ child: ChildProcess; port: number }> {
  const credentials = join(folder, 'credentials.json');
  writeFileSync(credentials, JSON.stringify([key]), { mode: 0o600 });
  const child = fork(join(import.meta.dirname, '../../apps/store/src/main.js'), {
    env: {
      PATH: process.env['PATH'],
      MUSTER_STORE_FOLDER: join(folder, 'store'),
      MUSTER_STORE_CREDENTIALS_FILE: credentials,
      MUSTER_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { port: number }).port));
    child.once('exit', (code) => reject(new Error(`the store ended with ${code}`)));
  });
  return { child, port };
}

/** A file of random bytes. */
function makeFile(path: string, mebibytes: number): void {
  const file = openSync(path, 'w');
  for (let written = 0; written < mebibytes; written += 1) writeSync(file, randomBytes(bytesOfMebibyte));
  closeSync(file);
}

function sha256sum(path: string): Digest {
  return `sha256:${execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64)}`;
}

/** In a process of its own, so that its memory is its own. */
async function agentDownload(url: string, digest: Digest, size: number, target: string): Promise<Downloaded> {
  const child = fork(join(import.meta.dirname, 'download-worker.js'), [url, digest, String(size), target]);
  const result = await new Promise<Downloaded>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Downloaded));
    child.once('exit', (code) => reject(new Error(`the download ended with ${code}`)));
  });
  if (statSync(target).size !== size) throw new Error('the download is not whole');
  rmSync(target);
  return result;
}

function milliseconds(act: () => unknown): number {
  const started = performance.now();
  act();
  return performance.now() - started;
}

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '512' },
    'large-mib': { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
const [mib, largeMib, rounds] = [Number(values.mib), Number(values['large-mib']), Number(values.rounds)];
const folder = mkdtempSync(join(tmpdir(), 'muster-bench-download-'));
let store: ChildProcess | undefined;
try {
  const { child, port } = await startStore(folder);
  store = child;
  const { accessKeyId: accessKey, secretAccessKey: secretKey } = key;
  const client = new Client({ endPoint: '127.0.0.1', port, useSSL: false, accessKey, secretKey });
  await client.makeBucket(bucket);
  const offer = async (mebibytes: number): Promise<{ url: string; digest: Digest; size: number; file: string }> => {
    const file = join(folder, `source-${mebibytes}`);
    makeFile(file, mebibytes);
    const name = `object-${mebibytes}`;
    const into = await client.presignedPutObject(bucket, name, 3600);
    execFileSync('curl', ['-sSf', '-T', file, into]);
    const url = await client.presignedGetObject(bucket, name, 3600);
    return { url, digest: sha256sum(file), size: mebibytes * bytesOfMebibyte, file };
  };
  const target = join(folder, 'target');
  const { url, digest, size, file } = await offer(mib);
  const [ours, curl, sum]: [number[], number[], number[]] = [[], [], []];
  // One round before the first that counts, so that all read from warm caches.
  for (let round = 0; round <= rounds; round += 1) {
    const agent = await agentDownload(url, digest, size, target);
    const curlTook = milliseconds(() => execFileSync('curl', ['-sSf', '-o', target, url]));
    rmSync(target);
    const sumTook = milliseconds(() => sha256sum(file));
    if (round === 0) continue;
    for (const [list, took] of [
      [ours, agent.milliseconds],
      [curl, curlTook],
      [sum, sumTook],
    ] as const)
      list.push(mib / (took / 1000));
  }
  rmSync(file);
  const ratio = spread(ours.map((rate, round) => rate / Math.min(curl[round] ?? NaN, sum[round] ?? NaN)));
  const rates = { ours: spread(ours), curl: spread(curl), sha256sum: spread(sum) };
  show(`agent, ${mib} MiB`, rates.ours, 'MiB/s');
  show('curl', rates.curl, 'MiB/s');
  show('sha256sum', rates.sha256sum, 'MiB/s');
  show('ratio to the slower', ratio, 'goal ≥ 0.7');
  const peakMebibytes: Record<string, number> = {};
  for (const mebibytes of [64, largeMib]) {
    const object = await offer(mebibytes);
    const { peakKibibytes } = await agentDownload(object.url, object.digest, object.size, target);
    peakMebibytes[`${mebibytes} MiB`] = Math.round(peakKibibytes / 1024);
    console.log(`peak memory, ${mebibytes} MiB`.padEnd(28), `${Math.round(peakKibibytes / 1024)} MiB`);
    rmSync(object.file);
  }
  const [least = NaN, most = NaN] = Object.values(peakMebibytes);
  // Flat: what is 16 times larger takes no more than a fifth more.
  if (most > least * 1.2) process.exitCode = 1;
  console.log('memory'.padEnd(28), `${(most / least).toFixed(2)} times as much for the large one; goal ≤ 1.2`);
  console.log(
    JSON.stringify({
      bench: 'download',
      ratio,
      baseline: 'the slower of curl from the same store and sha256sum, of the same round',
      mebibytes: mib,
      rounds,
      mebibytesPerSecond: rates,
      peakMebibytes,
    }),
  );
} finally {
  if (store) {
    const gone = new Promise((resolve) => store?.once('exit', resolve));
    if (store.exitCode === null) {
      store.kill('SIGTERM');
      await gone;
    }
  }
  rmSync(folder, { recursive: true, force: true });
}
