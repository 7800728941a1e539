import { createHash } from 'node:crypto';
import { S3Error } from '../errors.js';

/** Longest encoded key that becomes a file name itself; with `.json` it stays under the 255 of common file systems. */
const MAX_ENCODED_LENGTH = 200;
const MAX_KEY_BYTES = 1024;
const SUFFIX = '.json';

/**
 * Refuses keys that this server cannot keep apart or give back faithfully.
 * @throws S3Error `KeyTooLongError`, or `InvalidArgument` for control characters (XML cannot carry them) and for
 *   "." and ".." segments (clients and proxies resolve them, so such a key would be reached under another name)
 */
export function assertKey(key: string): void {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError');
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f\ufffe\uffff]/.test(key)) {
    throw new S3Error('InvalidArgument', 'a key may not hold control characters');
  }
  if (key.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw new S3Error('InvalidArgument', 'a key may not have "." or ".." between slashes');
  }
}

/**
 * The pointer file's name for a key: every byte but a-z 0-9 - _ . as %xx, so that it is safe everywhere (no separator,
 * no upper case to collide on file systems that ignore case); a long key becomes "=" and its SHA-256.
 */
export function fileNameOfKey(key: string): string {
  const encoded = key.replace(/[^a-z0-9._-]+/gu, (run) =>
    Buffer.from(run).reduce((text, byte) => `${text}%${byte.toString(16).padStart(2, '0')}`, ''),
  );
  return (encoded.length <= MAX_ENCODED_LENGTH ? encoded : `=${sha256(key)}`) + SUFFIX;
}

/** The key of a pointer file: `undefined` when only the file itself knows it, `null` when this is no pointer's name. */
export function keyOfFileName(fileName: string): string | undefined | null {
  if (!fileName.endsWith(SUFFIX)) return null;
  const encoded = fileName.slice(0, -SUFFIX.length);
  if (/^=[0-9a-f]{64}$/.test(encoded)) return undefined;
  if (!/^(?:[a-z0-9._-]|%[0-9a-f]{2})+$/.test(encoded)) return null;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return null;
  }
}

/** 00 … ff */
export function shardOfKey(key: string): string {
  return sha256(key).slice(0, 2);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
