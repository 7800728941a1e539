import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';

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
 * compared as text (there is one algorithm and no choice), the claims are read after the MAC is good, and the secret is
 * a KeyObject (with bytes, Node makes one for each MAC, which costs five times the MAC).
 */
export function readAccessToken(secret: KeyObject, site: string, token: string, now: Date): AccessTokenFinding {
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

/** In base64url: Node makes that text for less than a buffer. */
function mac(secret: KeyObject, input: string): string {
  return createHmac('sha256', secret).update(input).digest('base64url');
}
