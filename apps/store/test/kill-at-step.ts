/**
 * Preloaded (`node --import`) into a store process by a test: after a message `{killAt: N}` the process is killed with SIGKILL right
 * before its N-th change of the disk. What it counts: files opened for writing, every write, sync, rename, link, removal and folder.
 */
import { promises } from 'node:fs';
import { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';

type Operation = (...given: unknown[]) => Promise<unknown>;

let killAt = 0;
let steps = 0;

process.on('message', (message: { killAt?: number }) => {
  if (message.killAt === undefined) return;
  killAt = message.killAt;
  steps = 0;
  process.send?.({ type: 'armed' });
});

function counted(target: Record<string, Operation>, name: string, counts: (given: unknown[]) => boolean): void {
  const original = target[name]!;
  target[name] = function step(this: unknown, ...given: unknown[]): Promise<unknown> {
    if (killAt > 0 && counts(given)) {
      steps += 1;
      if (steps === killAt) process.kill(process.pid, 'SIGKILL');
    }
    return original.apply(this, given);
  };
}

const files = promises as unknown as Record<string, Operation>;
for (const name of ['rename', 'link', 'unlink', 'rm', 'copyFile']) counted(files, name, () => true);
// A bucket has 256 shards, made alike: three of them stand for all.
counted(
  files,
  'mkdir',
  ([path]) => !/^[0-9a-f]{2}$/.test(basename(String(path))) || /(?:00|80|ff)$/.test(String(path)),
);
counted(files, 'open', ([, flags]) => typeof flags === 'string' && flags !== 'r');

const handle: FileHandle = await promises.open(process.execPath, 'r');
const prototype = Object.getPrototypeOf(handle) as Record<string, Operation>;
await handle.close();
for (const name of ['write', 'writev', 'writeFile', 'sync', 'datasync']) counted(prototype, name, () => true);
syncBuiltinESMExports();
