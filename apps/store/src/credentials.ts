import { open } from 'node:fs/promises';
import { z } from 'zod';
import { StartError, systemCode } from './start-error.js';

const credentialSchema = z.strictObject({
  /** Public half, sent with every request. */
  accessKeyId: z.string().regex(/^[A-Za-z0-9_.-]{3,128}$/, '3 to 128 of A-Z a-z 0-9 _ . -'),
  secretAccessKey: z.string().min(8, 'at least 8 characters').max(256),
  /** Buckets this key may touch; every bucket when absent. */
  buckets: z.array(z.string().min(1)).optional(),
  /** Only GET and HEAD. */
  readOnly: z.boolean().optional(),
});

/** One access key and what it may do. */
export type Credential = z.infer<typeof credentialSchema>;

/** Access keys by id. */
export type Credentials = ReadonlyMap<string, Credential>;

/**
 * Reads the access keys from a JSON file: a list of {@link Credential}.
 * @throws StartError `store.credentials-file` when it is missing, malformed, or readable by other users
 */
export async function loadCredentials(path: string): Promise<Credentials> {
  const text = await readPrivateFile(path);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new StartError('store.credentials-file', `${path} is not JSON; it must be a list of access keys`);
  }
  const list = z.array(credentialSchema).min(1, 'at least one access key').safeParse(parsed);
  if (!list.success) {
    const issue = list.error.issues[0];
    // Only the place and the rule are named: the value may be a secret.
    throw new StartError('store.credentials-file', `${path}: ${issue?.path.join('.') || 'list'}: ${issue?.message}`);
  }
  const byId = new Map(list.data.map((credential) => [credential.accessKeyId, credential]));
  if (byId.size !== list.data.length) {
    throw new StartError('store.credentials-file', `${path} names the same accessKeyId twice; each must be unique`);
  }
  return byId;
}

async function readPrivateFile(path: string): Promise<string> {
  try {
    const handle = await open(path, 'r');
    try {
      const { mode } = await handle.stat();
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
        const found = (mode & 0o777).toString(8);
        throw new StartError('store.credentials-file', `${path} has mode ${found}; it holds secrets and must be 600`);
      }
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    throw new StartError('store.credentials-file', `${path} cannot be read (${systemCode(cause)})`, { cause });
  }
}
