import { createHash, randomBytes } from 'node:crypto';

/** 256 bits as 43 characters of base64url. */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** What is stored of a token: SHA-256 in hex. Tokens have 256 bits of entropy, so a fast hash is enough. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
