import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { chunkEnd } from '../../apps/cli/src/content/chunks/cut-chunks.js';
import { FILE_CUTTING } from '../../apps/cli/src/content/chunks/cutting.js';
import { scanLargeFile } from '../../apps/cli/src/content/chunks/scan-large-file.js';

const help = `npm run bench:chunks [-- --mib 512 --rounds 5]

How fast a large file is cut into chunks: the cutting alone, and the whole reading of a file (cutting, SHA-256 of each chunk, of
each new blob, and of the file), beside SHA-256 of the same bytes in the same round.`;

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '512' },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
const mib = Number(values.mib);
const folder = mkdtempSync(join(tmpdir(), 'muster-bench-chunks-'));
const rates: Record<string, number[]> = { cut: [], scan: [], sha256: [] };

async function measure(name: string, act: () => unknown): Promise<void> {
  const started = performance.now();
  await act();
  rates[name]!.push(mib / ((performance.now() - started) / 1000));
}

try {
  const bytes = randomBytes(mib * 1024 * 1024);
  const path = join(folder, 'image');
  writeFileSync(path, bytes);
  for (let round = 0; round < Number(values.rounds); round += 1) {
    await measure('cut', () => {
      for (let start = 0; start < bytes.length;) start = chunkEnd(bytes, start, bytes.length);
    });
    await measure('sha256', () => createHash('sha256').update(bytes).digest());
    await measure('scan', async () => {
      const file = await open(path);
      await scanLargeFile(file, new Map(), FILE_CUTTING, () => undefined);
      await file.close();
    });
  }
  const figures = Object.fromEntries(
    Object.entries(rates).map(([name, all]) => {
      const sorted = all.toSorted((a, b) => a - b).map(Math.round);
      return [name, { median: sorted[sorted.length >> 1], low: sorted[0], high: sorted.at(-1) }];
    }),
  );
  for (const [name, { median, low, high }] of Object.entries(figures))
    console.log(`${name.padEnd(8)} ${median} (${low} … ${high}) MiB/s`);
  console.log(JSON.stringify({ bench: 'chunks', mebibytes: mib, mebibytesPerSecond: figures }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
