/**
 * Removes built copies of files that are found by listing their folder, before a build: the compiler copies files and deletes none. A
 * migration that got another number would run twice, a service that moved to another .proto would be declared twice.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const dist = join(import.meta.dirname, '..', 'dist');
const apps = join(dist, 'apps');
const migrations = (existsSync(apps) ? readdirSync(apps) : []).map((app) => join(apps, app, 'migrations'));
for (const folder of [...migrations, join(dist, 'libs', 'contracts', 'proto')])
  rmSync(folder, { recursive: true, force: true });
