/**
 * Adds to package-lock.json the optional packages of other platforms that npm left out because the registry it asked did
 * not have them: without their entries `npm ci` refuses the lock file everywhere. They are fetched on their own platform only.
 * Run it after every change of dependencies: `npm run lock`.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const PLATFORM = /-(darwin|linux|win32|freebsd|android|openharmony)-(arm64|x64|ia32|arm|ppc64|s390x|riscv64|loong64)/;
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
let added = 0;
for (const [path, holder] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(holder.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    const platform = PLATFORM.exec(name);
    if (lock.packages[key] || lock.packages[`${path}/${key}`] || !platform || !/^\d+\.\d+\.\d+$/.test(version))
      continue;
    const [, os, cpu] = platform;
    lock.packages[key] = { version, cpu: [cpu], ...(holder.dev ? { dev: true } : {}), optional: true, os: [os] };
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
if (added > 0) writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${added} entries added\n`);
