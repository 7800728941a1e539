import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { cp, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { reasonOf, systemCode } from '../../journal/journal-error.js';
import { ContentError, isPlainName } from '../../runner/content-provider.js';

/**
 * Puts a copy of a folder at `<parent>/<name>` in place of what is there. Whoever looks sees the old folder, for a moment none, or the
 * whole new one; a copy that was cut short never has the name. Links are copied as links.
 *
 * @returns the folder
 * @throws ContentError `content.invalid-name`, `content.destination-invalid`, `content.destination-failed`, `content.no-space`; the signal's reason
 */
export async function copyContent(source: string, parent: string, name: string, signal: AbortSignal): Promise<string> {
  if (!isPlainName(name))
    throw new ContentError('content.invalid-name', `"${name}" is no package name: letters, digits, dots, hyphens`);
  const target = join(parent, name);
  const inside = (outer: string, inner: string): boolean =>
    `${resolve(inner)}${sep}`.startsWith(`${resolve(outer)}${sep}`);
  if (inside(source, target) || inside(target, source)) {
    const message = `${target} is where the content comes from: choose another folder`;
    throw new ContentError('content.destination-invalid', message);
  }
  const mark = randomBytes(6).toString('hex');
  const temporary = join(parent, `.${name}.${mark}.new`);
  try {
    await mkdir(parent, { recursive: true });
    await removeLeftovers(parent, name);
    await cp(source, temporary, {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
      filter: () => {
        signal.throwIfAborted();
        return true;
      },
    });
    signal.throwIfAborted();
    const old = join(parent, `.${name}.${mark}.old`);
    if (await isThere(target)) await rename(target, old);
    await rename(temporary, target);
    await rm(old, { recursive: true, force: true });
    return target;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    if (signal.aborted) throw error;
    const code = systemCode(error) === 'ENOSPC' ? 'content.no-space' : 'content.destination-failed';
    throw new ContentError(code, `cannot put the content of "${name}" at ${target}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** What earlier copies of the same name left behind when they were cut short. */
async function removeLeftovers(parent: string, name: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    const rest = entry.startsWith(`.${name}.`) ? entry.slice(name.length + 2) : '';
    if (/^[0-9a-f]{12}\.(new|old)$/.test(rest)) await rm(join(parent, entry), { recursive: true, force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
