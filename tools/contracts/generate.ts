import 'reflect-metadata';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { frozenFiles } from './frozen-files.js';

/** `npm run contracts`: writes the frozen contract files. Review the difference: it is what clients will see. */
const root = join(import.meta.dirname, '..', '..', '..');
const files = await frozenFiles();
for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
process.stdout.write(`${Object.keys(files).length} contract files written\n`);
