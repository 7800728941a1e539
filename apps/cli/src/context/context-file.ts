import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeFolders } from '@muster/localsite/make-folders.js';
import { z } from 'zod';
import { CliError, reasonOf, systemCode } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';

const contextSchema = z.object({
  server: z.url({ protocol: /^https?$/ }),
  token: z.string().min(1).optional(),
  /** Code of the site, where it is known. */
  site: z.string().optional(),
});
const contextFileSchema = z.object({
  current: z.string().optional(),
  contexts: z.record(z.string(), contextSchema),
});

/** A site and the token for it. */
export type Context = z.infer<typeof contextSchema>;

/** Content of the contexts file: names and which one is used when none is named. */
export type ContextFile = z.infer<typeof contextFileSchema>;

/** `MUSTER_CONFIG`, or `~/.config/muster/config.json`. */
export function contextFilePath(environment: Readonly<Record<string, string | undefined>>): string {
  return environment['MUSTER_CONFIG'] || join(environment['HOME'] || homedir(), '.config', 'muster', 'config.json');
}

/** Reads the file; a missing one has no contexts. Throws CliError `config.not-readable`, `config.invalid`. */
export function readContextFile(path: string): ContextFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return { contexts: {} };
    throw new CliError('config.not-readable', `${path} cannot be read: ${reasonOf(cause)}`, EXIT_CODES.usage, {
      cause,
    });
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new CliError('config.invalid', `${path} is not JSON: correct it, or remove it`, EXIT_CODES.usage);
  }
  const parsed = contextFileSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new CliError(
    'config.invalid',
    `${path} is not valid at "${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'wrong content'}; correct it, or remove it`,
    EXIT_CODES.usage,
  );
}

/** Replaces the file as a whole, for its owner only. Throws CliError `config.not-writable`. */
export function writeContextFile(path: string, file: ContextFile): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    makeFolders(dirname(path), 0o700);
    writeFileSync(temporary, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new CliError('config.not-writable', `${path} cannot be written: ${reasonOf(cause)}`, EXIT_CODES.usage, {
      cause,
    });
  }
}

/** A checked server address without a slash at its end. Throws CliError `config.server-address`. */
export function serverAddress(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new CliError(
      'config.server-address',
      `"${text}" is not the address of a server: write http://HOST:PORT or https://HOST`,
      EXIT_CODES.usage,
    );
  }
  return url.href.replace(/\/+$/, '');
}
