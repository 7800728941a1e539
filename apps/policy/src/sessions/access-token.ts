import { hash, timingSafeEqual, type KeyObject } from 'node:crypto';

/** What came of looking at an access token. */
export type AccessTokenFinding =
  | { readonly kind: 'good'; readonly deviceUid: string }
  | { readonly kind: 'forged' }
  | { readonly kind: 'expired'; readonly deviceUid: string; readonly expiredAt: Date };

const HEADER = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');

/** A JWT (HS256) that says which device calls, until when. `expiresAt` counts in whole seconds. */
export function makeAccessToken(secret: KeyObject, site: string, deviceUid: string, expiresAt: Date): string {
  const claims = { aud: `muster:${site}`, sub: deviceUid, exp: Math.floor(expiresAt.getTime() / 1000) };
  const input = `${HEADER}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${input}.${mac(secret, input)}`;
}

/**
 * Reads a token of ours without a database. By hand, because every poll of every device passes here: the header is
 * compared as text (there is one algorithm and no choice), and the claims are read after the MAC is good.
 */
export function readAccessToken(secret: KeyObject, site: string, token: string, now: Date): AccessTokenFinding {
  if (token.length > MOST_CHARACTERS) return { kind: 'forged' };
  const [header, body, signature, ...rest] = token.split('.');
  if (header !== HEADER || body === undefined || signature === undefined || rest.length > 0) return { kind: 'forged' };
  const expected = Buffer.from(mac(secret, `${header}.${body}`), 'latin1');
  const given = Buffer.from(signature, 'latin1');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { kind: 'forged' };
  const { aud, sub, exp } = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as {
    aud: string;
    sub: string;
    exp: number;
  };
  if (aud !== `muster:${site}`) return { kind: 'forged' };
  if (exp * 1000 <= now.getTime()) return { kind: 'expired', deviceUid: sub, expiredAt: new Date(exp * 1000) };
  return { kind: 'good', deviceUid: sub };
}

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
/** Ours are some 200 long. */
const MOST_CHARACTERS = 1000;

interface Mac {
  /** The inner key block, and room for a message behind it. */
  readonly inner: Buffer;
  /** The outer key block, and room for the inner hash behind it. */
  readonly outer: Buffer;
}
const macs = new WeakMap<KeyObject, Mac>();

/**
 * HMAC-SHA-256 (RFC 2104) in base64url, out of two hashes in one call each: `createHmac` makes a stream for every MAC, which costs four times
 * as much as the MAC. Messages are at most MOST_CHARACTERS long.
 */
function mac(secret: KeyObject, input: string): string {
  const { inner, outer } = macs.get(secret) ?? prepareMac(secret);
  const end = BLOCK_BYTES + inner.write(input, BLOCK_BYTES, 'utf8');
  outer.write(hash('sha256', inner.subarray(0, end), 'binary'), BLOCK_BYTES, 'latin1');
  return hash('sha256', outer, 'base64url');
}

function prepareMac(secret: KeyObject): Mac {
  const exported = secret.export();
  const key = exported.length > BLOCK_BYTES ? hash('sha256', exported, 'buffer') : exported;
  const prepared = {
    inner: Buffer.alloc(BLOCK_BYTES + 3 * MOST_CHARACTERS, 0x36, 'latin1'),
    outer: Buffer.alloc(BLOCK_BYTES + HASH_BYTES, 0x5c, 'latin1'),
  };
  key.forEach((byte, index) => {
    prepared.inner.writeUInt8(byte ^ 0x36, index);
    prepared.outer.writeUInt8(byte ^ 0x5c, index);
  });
  macs.set(secret, prepared);
  return prepared;
}
