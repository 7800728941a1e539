import { createHmac, createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { makeAccessToken, readAccessToken } from './access-token.js';

const secret = createSecretKey(randomBytes(32));
const uid = randomUUID();
const now = new Date('2026-11-21T12:00:00Z');
const later = new Date(now.getTime() + 60_000);
const token = makeAccessToken(secret, 'S01', uid, later);
const [header, body, signature] = token.split('.') as [string, string, string];

describe('access tokens', () => {
  it('name the device until they expire', () => {
    expect(readAccessToken(secret, 'S01', token, now)).toEqual({ kind: 'good', deviceUid: uid });
    expect(readAccessToken(secret, 'S01', token, new Date(later.getTime() - 1)).kind).toBe('good');
    expect(readAccessToken(secret, 'S01', token, later)).toEqual({ kind: 'expired', deviceUid: uid, expiredAt: later });
  });

  it('are JWTs by HS256, whatever the length of the secret', () => {
    for (const bytes of [16, 32, 64, 65, 200]) {
      const any = createSecretKey(randomBytes(bytes));
      const [head, claims, mac] = makeAccessToken(any, 'S01', uid, later).split('.') as [string, string, string];
      expect(mac).toBe(createHmac('sha256', any).update(`${head}.${claims}`).digest('base64url'));
    }
  });

  it.each([
    ['another site’s audience', makeAccessToken(secret, 'S02', uid, later)],
    ['another secret', makeAccessToken(createSecretKey(randomBytes(32)), 'S01', uid, later)],
    [
      'a changed body',
      `${header}.${Buffer.from(JSON.stringify({ aud: 'muster:S01', sub: randomUUID(), exp: 9e9 })).toString('base64url')}.${signature}`,
    ],
    ['alg none', `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${body}.`],
    ['a cut signature', `${header}.${body}.${signature.slice(0, -4)}`],
    ['no signature', `${header}.${body}`],
    ['a fourth part', `${token}.x`],
    ['more text than we ever make', `${header}.${body}${'A'.repeat(5000)}.${signature}`],
    [
      'a letter that is another in one byte',
      token.replace(body[5] ?? '', String.fromCharCode(256 + body.charCodeAt(5))),
    ],
    ['nothing', ''],
  ])('are forged with %s', (_what, forged) => {
    expect(readAccessToken(secret, 'S01', forged, now)).toEqual({ kind: 'forged' });
  });
});
