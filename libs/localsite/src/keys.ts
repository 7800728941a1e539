import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from './atomic-file.js';

/** A random secret of the site, made once and kept in `keys/<name>` (0600). `bytes` of randomness, base64url. */
export function keptSecret(keysFolder: string, name: string, bytes = 24): string {
  const file = join(keysFolder, name);
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const secret = randomBytes(bytes).toString('base64url');
  writeFileAtomic(file, `${secret}\n`);
  return secret;
}

/** Keeps a secret that somebody else made, in place of any before. */
export function keepSecret(keysFolder: string, name: string, secret: string): void {
  const file = join(keysFolder, name);
  if (!existsSync(file) || readFileSync(file, 'utf8').trim() !== secret) writeFileAtomic(file, `${secret}\n`);
}

/** Path of the keys of distribution points in other stores, by their names: for people to fill, empty at first. */
export function pointCredentialsFile(keysFolder: string): string {
  const file = join(keysFolder, 'point-credentials.json');
  if (!existsSync(file)) writeFileAtomic(file, '{}\n');
  return file;
}

/** Path of the keys to which the site's secrets are sealed, separated by commas: the last one counts. Sites that replicate share it. */
export function sealingKeyFile(keysFolder: string): string {
  return join(keysFolder, 'sealing-key');
}

/**
 * Sees to the sealing key: a new site makes one, unless it is given that of another. A site that had another one before opens what was
 * sealed to it still. A site from before there were such keys goes on with the one that follows from its signing key.
 */
export function keepSealingKey(keysFolder: string, isNew: boolean, given?: string): void {
  const file = sealingKeyFile(keysFolder);
  const known = existsSync(file) ? readFileSync(file, 'utf8').trim().split(',') : [];
  const wanted = given?.trim().split(',').at(-1) ?? (isNew && known.length === 0 ? newSealingKey() : undefined);
  if (wanted === undefined || known.at(-1) === wanted) return;
  writeFileAtomic(file, `${[...known.filter((one) => one !== wanted), wanted].join(',')}\n`);
}

/** A key for the secrets of a whole hierarchy. */
export function newSealingKey(): string {
  return randomBytes(32).toString('base64url');
}

/** Path of the site's signing keys (Ed25519, PKCS#8 PEM, 0600), the first made once: the last one counts. */
export function siteKeyFile(keysFolder: string): string {
  return keptKey(keysFolder, 'site-key.pem');
}

/** Path of the keys by which other sites know this one (Ed25519, PKCS#8 PEM, 0600), the first made once: the last one counts. */
export function linkKeyFile(keysFolder: string): string {
  return keptKey(keysFolder, 'link-key.pem');
}

/** Another signing key for the site. Those before stay: they vouch for it at computers that do not know it yet. */
export function renewSiteKey(keysFolder: string): void {
  const file = siteKeyFile(keysFolder);
  writeFileAtomic(file, `${readFileSync(file, 'utf8').trimEnd()}\n${newKey()}`);
}

/** Gives up all signing keys but the one that counts: computers that do not know that one yet have to enrol again. */
export function forgetFormerSiteKeys(keysFolder: string): void {
  const file = siteKeyFile(keysFolder);
  const keys = readFileSync(file, 'utf8').split(/(?=-----BEGIN )/);
  writeFileAtomic(file, keys.at(-1) ?? '');
}

/** Another link key for the site. Those before stay: they vouch for it at sites that do not know it yet. */
export function renewLinkKey(keysFolder: string): void {
  const file = linkKeyFile(keysFolder);
  writeFileAtomic(file, `${readFileSync(file, 'utf8').trimEnd()}\n${newKey()}`);
}

function keptKey(keysFolder: string, name: string): string {
  const file = join(keysFolder, name);
  if (!existsSync(file)) writeFileAtomic(file, newKey());
  return file;
}

function newKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** An API token: `muster_` and 43 characters of base64url (256 bits). */
export function newToken(): string {
  return `muster_${randomBytes(32).toString('base64url')}`;
}

/** What the servers keep of a token: SHA-256 in hex. */
export function tokenDigest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The admin token's digest, and the token itself only when it was made just now. */
export interface AdminToken {
  readonly digest: string;
  readonly token: string | null;
  /** Call once the site is up: from then on the token cannot be had again. */
  keep(): void;
}

/**
 * The admin token of the site: kept as a digest only. A start that fails before `keep()` leaves nothing behind,
 * so that the next start makes a new token instead of one that nobody was shown. `renew` replaces a lost token.
 */
export function adminToken(keysFolder: string, renew: boolean): AdminToken {
  const file = join(keysFolder, 'admin-token.sha256');
  if (!renew && existsSync(file)) {
    return { digest: readFileSync(file, 'utf8').trim(), token: null, keep: () => undefined };
  }
  const token = newToken();
  const digest = tokenDigest(token);
  return { digest, token, keep: () => writeFileAtomic(file, `${digest}\n`) };
}
