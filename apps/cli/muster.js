#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../../dist/apps/cli/src/main.js', import.meta.url);
if (existsSync(fileURLToPath(main))) {
  await import(main);
} else {
  process.stderr.write('error: cli.not-built: muster is not built yet: run "npm start" (or "npm run build") first\n');
  process.exitCode = 2;
}
