/**
 * Removes built copies of migrations before a build: the compiler copies files and deletes none, and a migration that got another number
 * would run twice.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const apps = join(import.meta.dirname, '..', 'dist', 'apps');
for (const app of existsSync(apps) ? readdirSync(apps) : []) {
  rmSync(join(apps, app, 'migrations'), { recursive: true, force: true });
}
