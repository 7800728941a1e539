import { execFileSync, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import 'reflect-metadata';
import type { VersionDifference } from '@muster/contracts/kinds/package-versions.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { Bus } from '@muster/messaging/bus.js';
import { ContentUnderTest } from '../../apps/content/test/content-under-test.js';
import { line, report } from './spread.js';

const help = `npm run bench:many-files [-- --files 100000 | -- --full]

A folder of tiny files (20 to 1,000 bytes, 1,000 in each folder) is uploaded by the command line in a process of its own, brought to a distribution point,
fetched and laid out by an agent in a process of its own, and looked at once more. Then 1 % of the files are changed, here and there, and the bytes that go
to library, point and agent are counted. All of it is in the folder for temporary files (TMPDIR). Beside it, in the same run: \`tar\` into sha256sum, and \`cp -r\`. --full: 1,000,000 files.`;

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '100000' },
    full: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
const count = values.full ? 1_000_000 : Number(values.files);
const folder = mkdtempSync(join(tmpdir(), 'muster-bench-many-'));
const tree = join(folder, 'tree');
const content = await ContentUnderTest.start();
let ownPeak = 0;
const memory = setInterval(() => (ownPeak = Math.max(ownPeak, process.memoryUsage().rss)), 100);

const pathOf = (index: number): string =>
  join(tree, `part-${Math.floor(index / 1000)}`, `record-${String(index).padStart(7, '0')}.txt`);

function writeOne(index: number, seed: string): number {
  const block = createHash('sha512').update(`${seed} ${index}`).digest();
  const size = 20 + (block.readUInt32LE() % 981);
  const bytes = Buffer.concat(
    Array.from({ length: 16 }, (_, part) =>
      part === 0 ? block : createHash('sha512').update(block).update(String(part)).digest(),
    ),
  );
  writeFileSync(pathOf(index), bytes.subarray(0, size));
  return size;
}

function timed(act: () => void): number {
  const began = performance.now();
  act();
  return (performance.now() - began) / 1000;
}

/** Uploads in a process of its own; returns the seconds, what it said, and its peak memory. */
function upload(): Promise<{ seconds: number; said: string; peakMebibytes: number }> {
  const began = performance.now();
  const child = fork(join(import.meta.dirname, '../../apps/cli/src/main.js'), ['content', 'upload', 'many', tree], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: {
      ...process.env,
      MUSTER_SERVER: new URL(content.url).origin,
      MUSTER_TOKEN: content.token,
      MUSTER_CONFIG: '/nonexistent',
    },
  });
  let said = '';
  child.stdout!.on('data', (bytes: Buffer) => (said += bytes.toString()));
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, peakOf(child.pid!))), 50);
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => {
      clearInterval(watch);
      if (code !== 0) return reject(new Error(`the upload ended with ${code}: ${said}`));
      resolve({ seconds: (performance.now() - began) / 1000, said: said.trim(), peakMebibytes: peak / 1024 });
    });
  });
}

function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Until the newest version is at the point; its status there, and the seconds it took. */
async function distributed(version: number) {
  const began = performance.now();
  for (;;) {
    const found = (await content.progress('many')).find((one) => one.version === version && one.state === 'available');
    if (found) return { seconds: (performance.now() - began) / 1000, ...found };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

interface Provided {
  readonly seconds: [first: number, again: number];
  readonly folder: string;
  readonly peakKibibytes: number;
}

async function provide(manifest: string): Promise<Provided> {
  const located = await content.app.get(Bus).request(locateContent, { manifest });
  const answer = join(folder, 'located.json');
  writeFileSync(answer, JSON.stringify(located));
  const child = fork(join(import.meta.dirname, 'many-files-worker.js'), [join(folder, 'cache'), manifest, answer]);
  return new Promise((resolve, reject) => {
    child.on('message', (message) => resolve(message as Provided));
    child.on('exit', (code) => reject(new Error(`the agent ended with ${code}`)));
  });
}

/** What `content diff` asks for: the first page of the difference, and the second. */
async function compare(): Promise<{ seconds: number; nextSeconds: number; files: VersionDifference['files'] }> {
  const page = async (more: string) => {
    const began = performance.now();
    const { body } = await content.ask<VersionDifference>(
      'GET',
      `/packages/many/versions/2/difference?limit=500${more}`,
    );
    return { seconds: (performance.now() - began) / 1000, body };
  };
  const { seconds, body } = await page('');
  const next = await page(`&continue=${body.metadata.continue ?? ''}`);
  return { seconds, nextSeconds: next.seconds, files: body.files };
}

const blobsInCache = (): string[] => readdirSync(join(folder, 'cache/blobs/sha256'));

try {
  let bytes = 0;
  for (let part = 0; part * 1000 < count; part += 1) mkdirSync(join(tree, `part-${part}`), { recursive: true });
  for (let index = 0; index < count; index += 1) bytes += writeOne(index, 'first');
  const mib = bytes / 1024 / 1024;
  line('files', `${count.toLocaleString('en-US')}, ${mib.toFixed(0)} MiB`);
  const tar = timed(() => execFileSync('sh', ['-c', 'tar -cf - -C "$1" . | sha256sum', 'sh', tree]));
  line('baseline: tar | sha256sum', `${tar.toFixed(1)} s`);
  const copied = join(folder, 'copy');
  const cp = timed(() => execFileSync('cp', ['-r', tree, copied]));
  line('baseline: cp -r', `${cp.toFixed(1)} s`);
  rmSync(copied, { recursive: true });

  await content.apply('Package', 'packages', 'many', {});
  const first = await upload();
  line(
    'upload, verified in the library',
    `${first.seconds.toFixed(1)} s, ${first.peakMebibytes.toFixed(0)} MiB`,
    first.said,
  );
  await content.applyOwnPoint('many');
  await content.apply('Distribution', 'distributions', 'many', { package: 'many', points: ['many'] });
  const sent = await distributed(1);
  line('to a point, proven', `${sent.seconds.toFixed(1)} s, ${sent.filesDone} files`);
  const agent = await provide(sent.manifest);
  execFileSync('diff', ['--recursive', '--brief', tree, agent.folder]);
  const requests = blobsInCache().length;
  const agentPeak = agent.peakKibibytes / 1024;
  line(
    'agent: fetched, verified, laid out',
    `${agent.seconds[0].toFixed(1)} s, ${agentPeak.toFixed(0)} MiB`,
    `${requests} blobs; diff -r finds nothing`,
  );
  line('agent: looked at again, all of it', `${agent.seconds[1].toFixed(1)} s`);

  let changed = 0;
  for (let index = 50; index < count; index += 100) changed += writeOne(index, 'second');
  const second = await upload();
  line('second upload', `${second.seconds.toFixed(1)} s, ${second.peakMebibytes.toFixed(0)} MiB`, second.said);
  const compared = await compare();
  line(
    'both versions compared, file by file',
    `${compared.seconds.toFixed(1)} s`,
    `${compared.files.changed} changed, ${compared.files.same} the same; the next page after ${(compared.nextSeconds * 1000).toFixed(0)} ms`,
  );
  const next = await distributed(2);
  const before = new Set(blobsInCache());
  // Room for the next: its blobs stay.
  rmSync(agent.folder, { recursive: true });
  const agentNext = await provide(next.manifest);
  execFileSync('diff', ['--recursive', '--brief', tree, agentNext.folder]);
  const fetched = await content.app.get(Bus).request(locateContent, { manifest: next.manifest });
  const sizes = new Map(
    fetched.manifest!.files.flatMap(({ stored }) => stored?.blobs.map((blob) => [blob.digest, blob.size]) ?? []),
  );
  const agentBytes = blobsInCache()
    .filter((name) => !before.has(name))
    .reduce((sum, name) => sum + (sizes.get(`sha256:${name}`) ?? 0), 0);
  const percent = (part: number): string => `${((part / next.bytes) * 100).toFixed(2)} %`;
  line(
    '1 % of the files changed',
    `${percent(changed)} of the bytes`,
    `point ${percent(next.bytesMoved ?? NaN)}, agent ${percent(agentBytes)}`,
  );
  line('content service with all else in this process', `${(ownPeak / 1024 / 1024).toFixed(0)} MiB`);
  report(
    'many-files',
    {
      files: count,
      mebibytes: mib,
      baseline: { tarSeconds: tar, copySeconds: cp },
      upload: { seconds: first.seconds, peakMebibytes: first.peakMebibytes },
      distribute: { seconds: sent.seconds, bytes: sent.bytesMoved },
      agent: { seconds: agent.seconds[0], againSeconds: agent.seconds[1], peakMebibytes: agentPeak, blobs: requests },
      secondVersion: {
        uploadSeconds: second.seconds,
        compareSeconds: compared.seconds,
        changed,
        pointBytes: next.bytesMoved,
        agentBytes,
        ofBytes: next.bytes,
      },
    },
    { complete: sent.filesDone === count },
  );
} finally {
  clearInterval(memory);
  await content.stop();
  rmSync(folder, { recursive: true, force: true });
}
