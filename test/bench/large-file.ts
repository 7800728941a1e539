import { execFileSync, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import 'reflect-metadata';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { Bus } from '@muster/messaging/bus.js';
import { ContentUnderTest } from '../../apps/content/test/content-under-test.js';
import { line, report } from './spread.js';

const help = `npm run bench:large-file [-- --mib 1024 | --sparse-gib 64]

One file of random bytes, of 64 MiB and then of --mib, is uploaded by the command line in a process of its own, brought to a distribution point, and
fetched by an agent in a process of its own, which must have every byte of it. The peak memory of each process is told for both. Beside it, in the same
run: sha256sum and cp of the same file. All of it is in the folder for temporary files (TMPDIR), which needs five times --mib.

With --sparse-gib, instead: a file of so many GiB of holes, with 16 MiB of random bytes in sixteen places, is uploaded and brought to a point. It fails
when more than 1 GiB of memory is used, or more than 300 MB are sent.`;

const MEBIBYTE = 1024 * 1024;
const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '1024' },
    'sparse-gib': { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
const folder = mkdtempSync(join(tmpdir(), 'muster-bench-large-'));
const content = await ContentUnderTest.start();
let ownPeak = 0;
const memory = setInterval(() => (ownPeak = Math.max(ownPeak, process.memoryUsage().rss)), 50);

/** What one size took: seconds, and peak memory in MiB. */
interface Journey {
  readonly seconds: Readonly<Record<string, number>>;
  readonly mebibytes: Readonly<Record<string, number>>;
}

async function timed<Result>(act: () => Result | Promise<Result>): Promise<{ seconds: number; result: Result }> {
  const began = performance.now();
  const result = await act();
  return { seconds: (performance.now() - began) / 1000, result };
}

/** Peak memory of a process so far, MiB; 0 when it has ended. */
function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** The largest peak of the stores below this process: the library's and the point's. */
function peakOfStores(): number {
  const peaks = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        const isOurs = readFileSync(`/proc/${pid}/status`, 'utf8').includes(`\nPPid:\t${process.pid}\n`);
        const isStore = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('apps/store/src/main.js');
        return isOurs && isStore ? peakOf(Number(pid)) : 0;
      } catch {
        return 0;
      }
    });
  return Math.max(...peaks);
}

/** @returns peak memory of the command, MiB */
function upload(name: string, path: string): Promise<number> {
  const child = fork(join(import.meta.dirname, '../../apps/cli/src/main.js'), ['content', 'upload', name, path], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      MUSTER_SERVER: new URL(content.url).origin,
      MUSTER_TOKEN: content.token,
      MUSTER_CONFIG: '/nonexistent',
    },
  });
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, peakOf(child.pid!))), 20);
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => {
      clearInterval(watch);
      if (code === 0) resolve(peak);
      else reject(new Error(`the upload ended with ${code}`));
    });
  });
}

/** Waits until the version is at the point. @returns digest of its manifest */
async function distributed(name: string): Promise<string> {
  for (;;) {
    const found = (await content.progress(name)).find(({ state }) => state === 'available');
    if (found) return found.manifest;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function download(name: string, manifest: string): Promise<{ folder: string; peakKibibytes: number }> {
  const located = await content.app.get(Bus).request(locateContent, { manifest });
  const answer = join(folder, 'located.json');
  writeFileSync(answer, JSON.stringify(located));
  const worker = join(import.meta.dirname, 'many-files-worker.js');
  const child = fork(worker, [join(folder, `cache-${name}`), manifest, answer]);
  return new Promise((resolve, reject) => {
    child.on('message', (message) => resolve(message as { folder: string; peakKibibytes: number }));
    child.on('exit', (code) => reject(new Error(`the agent ended with ${code}`)));
  });
}

async function journey(name: string, mib: number): Promise<Journey> {
  const path = join(folder, name);
  const file = openSync(path, 'wx');
  for (let written = 0; written < mib; written += 1) writeSync(file, randomBytes(MEBIBYTE));
  closeSync(file);
  const hashing = await timed(() => execFileSync('sha256sum', [path]));
  const copying = await timed(() => execFileSync('cp', [path, `${path}.copy`]));
  rmSync(`${path}.copy`);

  await content.apply('Package', 'packages', name, {});
  ownPeak = 0;
  const uploaded = await timed(() => upload(name, path));
  await content.applyOwnPoint(name);
  await content.apply('Distribution', 'distributions', name, { package: name, points: [name] });
  const sent = await timed(() => distributed(name));
  const fetched = await timed(() => download(name, sent.result));
  execFileSync('cmp', [path, join(fetched.result.folder, name)]);
  const seconds = {
    sha256sum: hashing.seconds,
    cp: copying.seconds,
    upload: uploaded.seconds,
    distribute: sent.seconds,
    download: fetched.seconds,
  };
  const mebibytes = {
    upload: uploaded.result,
    service: ownPeak / MEBIBYTE,
    store: peakOfStores(),
    agent: fetched.result.peakKibibytes / 1024,
  };
  line(
    `${mib} MiB, seconds`,
    Object.entries(seconds)
      .map(([what, taken]) => `${what} ${taken.toFixed(1)}`)
      .join(', '),
  );
  line(
    `${mib} MiB, peak memory in MiB`,
    Object.entries(mebibytes)
      .map(([what, peak]) => `${what} ${peak.toFixed(0)}`)
      .join(', '),
  );
  return { seconds, mebibytes };
}

/** A file that is almost all holes: what it costs to read, to send, to prove and to bring to a point. */
async function sparseJourney(gib: number): Promise<void> {
  const path = join(folder, 'sparse');
  const file = openSync(path, 'wx');
  for (let place = 0; place < 16; place += 1)
    writeSync(file, randomBytes(MEBIBYTE), 0, MEBIBYTE, Math.floor((gib * 1024 * MEBIBYTE * place) / 16));
  closeSync(file);
  truncateSync(path, gib * 1024 * MEBIBYTE);
  await content.apply('Package', 'packages', 'sparse', {});
  ownPeak = 0;
  const uploaded = await timed(() => upload('sparse', path));
  await content.applyOwnPoint('sparse');
  await content.apply('Distribution', 'distributions', 'sparse', { package: 'sparse', points: ['sparse'] });
  const sent = await timed(() => distributed('sparse'));
  const [{ bytesMoved = NaN } = {}] = await content.progress('sparse');
  const seconds = { upload: uploaded.seconds, distribute: sent.seconds };
  const mebibytes = { upload: uploaded.result, service: ownPeak / MEBIBYTE, store: peakOfStores() };
  line(`${gib} GiB of holes, seconds`, JSON.stringify(seconds));
  line('peak memory in MiB', JSON.stringify(mebibytes));
  line('bytes to the point', String(bytesMoved));
  const goals = {
    memoryIsFlat: Math.max(...Object.values(mebibytes)) < 1024,
    holesAreNotSent: bytesMoved < 300_000_000,
  };
  report('sparse-file', { gib, seconds, mebibytes, bytesMoved }, goals);
}

try {
  const sparse = values['sparse-gib'];
  if (sparse !== undefined) await sparseJourney(Number(sparse));
  else {
    const small = await journey('small', 64);
    const large = await journey('large', Number(values.mib));
    line('', 'every byte was the same; "service" is with all else in this process; downloads are looked at twice');
    report(
      'large-file',
      { small, large },
      { agentIsFlat: large.mebibytes['agent']! <= small.mebibytes['agent']! * 1.5 },
    );
  }
} finally {
  clearInterval(memory);
  await content.stop();
  rmSync(folder, { recursive: true, force: true });
}
