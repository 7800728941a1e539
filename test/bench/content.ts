import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs, promisify } from 'node:util';
import 'reflect-metadata';
import { ApiClient } from '../../apps/cli/src/api/api-client.js';
import { letBuffersDieYoung } from '@muster/platform/buffers-die-young.js';
import { uploadPackage } from '../../apps/cli/src/content/upload-package.js';
import { ContentUnderTest } from '../../apps/content/test/content-under-test.js';
import { changeOnePercent, makeTree } from './mixed-tree.js';

const help = `npm run bench:content [-- --mib 256 --files 1000 --rounds 3 | -- --full]

A tree of files of mixed sizes from the library to a distribution point in another store, every byte hashed on the way and proven on
arrival, beside \`rclone copy\` of the same objects between the same two stores (rclone must be installed). Rounds are interleaved, each
into an empty bucket, after one that does not count; figures are medians with (lowest … highest). Then 1 % of the tree is changed, and
the bytes that go to a point that has the version before are counted. --full: 2,048 MiB in 5,000 files.
Goals: at least 1.0 times the throughput of rclone; at most 3 % of the bytes for the second version.`;

const run = promisify(execFile);
const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '256' },
    files: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    full: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
const [mib, files] = values.full ? [2048, 5000] : [Number(values.mib), Number(values.files)];
const rounds = Number(values.rounds);

interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

function spread(all: readonly number[]): Spread {
  const sorted = all.toSorted((one, other) => one - other);
  return { median: sorted[sorted.length >> 1] ?? NaN, low: sorted[0] ?? NaN, high: sorted.at(-1) ?? NaN };
}

function show(name: string, { median, low, high }: Spread, unit: string): void {
  console.log(`${name.padEnd(28)} ${median.toFixed(2)} (${low.toFixed(2)} … ${high.toFixed(2)}) ${unit}`);
}

const folder = mkdtempSync(join(tmpdir(), 'muster-bench-content-'));
// The service runs in this process, as it does in its own.
letBuffersDieYoung();
const content = await ContentUnderTest.start();
const client = new ApiClient({ server: new URL(content.url).origin, token: content.token });
try {
  const { environment } = content;
  const second = await content.secondEndpoint();
  const tree = join(folder, 'tree');
  makeTree(tree, files, mib * 1024 * 1024);

  const remote = (name: string, endpoint: string, key: string, secret: string): string =>
    `[${name}]\ntype = s3\nprovider = Other\nendpoint = ${endpoint}\naccess_key_id = ${key}\nsecret_access_key = ${secret}\nregion = us-east-1\nacl = private\n`;
  const library = environment['MUSTER_LIBRARY_BUCKET']!;
  const rcloneConfig = join(folder, 'rclone.conf');
  writeFileSync(
    rcloneConfig,
    remote(
      'library',
      environment['MUSTER_LIBRARY_ENDPOINT']!,
      environment['MUSTER_LIBRARY_ACCESS_KEY']!,
      environment['MUSTER_LIBRARY_SECRET_KEY']!,
    ) + remote('point', second, environment['MUSTER_DP_ACCESS_KEY']!, environment['MUSTER_DP_SECRET_KEY']!),
    { mode: 0o600 },
  );
  const rclone = (...args: string[]): Promise<unknown> =>
    // Of the environment only what it needs: settings of AWS tools there are not for these stores.
    run('rclone', ['--config', rcloneConfig, '--transfers', '16', '--checkers', '16', ...args], {
      env: { PATH: process.env['PATH'], HOME: folder },
    });

  await content.apply('Package', 'packages', 'tree', {});
  const uploadBegan = performance.now();
  const first = await uploadPackage(client, 'tree', tree);
  const uploadRate = mib / ((performance.now() - uploadBegan) / 1000);
  console.log(`${'upload, disk to library'.padEnd(28)} ${uploadRate.toFixed(2)} MiB/s (${first.files} files)`);

  const ours: number[] = [];
  const theirs: number[] = [];
  const points: string[] = [];
  const isThere = (version: number, name: string): Promise<boolean> =>
    content
      .progress('tree')
      .then((all) => all.some((one) => one.point === name && one.version === version && one.state === 'available'));

  async function distribute(round: number): Promise<void> {
    const name = `round-${round}`;
    await content.applyOwnPoint(name, { audit: { everyHours: 1000 } });
    points.push(name);
    const began = performance.now();
    await content.apply('Distribution', 'distributions', 'tree', { package: 'tree', points });
    while (!(await isThere(first.version, name))) await new Promise((resolve) => setTimeout(resolve, 100));
    if (round > 0) ours.push(mib / ((performance.now() - began) / 1000));
  }
  // What it copied stays, as what we carried does: ext4 takes no inode that was freed in the last half minute, and looks for another
  // so long that a purge in between costs whoever comes next a tenth of its time.
  async function copy(round: number): Promise<void> {
    const bucket = `rclone-${round}`;
    await content.makeBucket(second, bucket);
    const began = performance.now();
    await rclone('copy', `library:${library}/blobs`, `point:${bucket}/blobs`);
    if (round > 0) theirs.push(mib / ((performance.now() - began) / 1000));
  }
  for (let round = 0; round <= rounds; round += 1) {
    const order = round % 2 === 0 ? [distribute, copy] : [copy, distribute];
    for (const act of order) await act(round);
    const [our = 0, their = 0] = [ours.at(-1), theirs.at(-1)];
    if (round > 0) console.log(`round ${round}: muster ${our.toFixed(1)}, rclone copy ${their.toFixed(1)} MiB/s`);
  }
  const ratio = spread(ours.map((rate, index) => rate / (theirs[index] ?? NaN)));
  const rates = { muster: spread(ours), rclone: spread(theirs) };
  show(`muster, ${mib} MiB, ${files} files`, rates.muster, 'MiB/s, proven');
  show('rclone copy', rates.rclone, 'MiB/s');
  show('ratio', ratio, 'goal ≥ 1.0');

  const changed = changeOnePercent(tree);
  const next = await uploadPackage(client, 'tree', tree);
  const [point = ''] = points;
  while (!(await isThere(next.version, point))) await new Promise((resolve) => setTimeout(resolve, 100));
  const progress = (await content.progress('tree')).find((one) => one.point === point && one.version === next.version);
  const moved = progress?.bytesMoved ?? NaN;
  const percent = (moved / next.bytes) * 100;
  console.log(
    `${'second version'.padEnd(28)} ${((changed / next.bytes) * 100).toFixed(2)} % changed, ${percent.toFixed(2)} % moved to the point; goal ≤ 3`,
  );
  console.log(
    JSON.stringify({
      bench: 'content',
      ratio,
      baseline: 'rclone copy between the same stores, in the same round',
      mebibytes: mib,
      files,
      rounds,
      mebibytesPerSecond: rates,
      uploadMebibytesPerSecond: uploadRate,
      secondVersion: { changedBytes: changed, movedBytes: moved, percent },
    }),
  );
} finally {
  await client.close();
  await content.stop();
  rmSync(folder, { recursive: true, force: true });
}
