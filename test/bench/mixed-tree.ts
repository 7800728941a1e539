import { createCipheriv, createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Files of mixed sizes: most are small, a few have most of the bytes, as in a folder of programs and images. */
export function makeTree(folder: string, files: number, bytes: number): void {
  const random = randomNumbers('tree');
  const weights = Array.from({ length: files }, () => Math.exp(1.9 * normal(random)));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  weights.forEach((weight, index) => {
    const path = join(folder, `folder-${index % 40}`, `file-${index}`);
    mkdirSync(dirname(path), { recursive: true });
    writeNoise(path, Math.round((weight / sum) * bytes), `file ${index}`);
  });
}

/** Writes 1 % of the bytes of a tree anew: half of them in whole small files, half in the middle of the largest files. */
export function changeOnePercent(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, size: statSync(path).size }))
    .toSorted((one, other) => other.size - one.size);
  const half = files.reduce((total, { size }) => total + size, 0) / 200;
  let changed = 0;
  for (const { path, size } of files.slice(files.length >> 2)) {
    if (changed + size > half) break;
    writeNoise(path, size, `changed ${path}`);
    changed += size;
  }
  const large = files.slice(0, 8);
  for (const { path, size } of large) {
    const count = Math.round(Math.min(half / large.length, size / 4));
    const file = openSync(path, 'r+');
    writeSync(file, noise(count, `middle ${path}`), 0, count, size >> 1);
    closeSync(file);
    changed += count;
  }
  return changed;
}

function writeNoise(path: string, size: number, seed: string): void {
  const file = openSync(path, 'w');
  const step = 4 * 1024 * 1024;
  for (let done = 0; done < size; done += step) writeSync(file, noise(Math.min(step, size - done), `${seed}/${done}`));
  closeSync(file);
}

/** Bytes that cannot be compressed, the same for the same seed. */
function noise(bytes: number, seed: string): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

function randomNumbers(seed: string): () => number {
  let state = createHash('sha256').update(seed).digest().readUInt32LE(0);
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 1) / 4_294_967_297;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
}
