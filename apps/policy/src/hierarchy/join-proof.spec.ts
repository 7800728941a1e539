import { generateKeyPairSync } from 'node:crypto';
import { LinkKey } from '@muster/replication/site-signature.js';
import { thumbprintOf } from '../site-key/site-key.js';
import { checkJoinAnswer, checkJoinRequest, signJoinAnswer, signJoinRequest } from './join-proof.js';
import { parentAddress } from './parent-door.js';

const newKey = () =>
  new LinkKey(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
const [child, parent] = [newKey(), newKey()];
const token = 'msj_a.b';
const claims = {
  code: 'PR1',
  kind: 'primary' as const,
  publicKey: child.publicKey,
  sealingKey: 'x'.repeat(43),
  below: [],
};
const answer = {
  parent: { code: 'CEN', kind: 'central' as const, parent: null, publicKey: parent.publicKey, revoked: false },
  sites: [],
  leaf: null,
};

describe('what a child presents', () => {
  it('counts only as it was signed, and for the token that it was signed for', () => {
    const request = signJoinRequest(claims, token, child);
    expect(checkJoinRequest(request)).toEqual(claims);
    for (const changed of [{ code: 'PR2' }, { token: 'msj_c.d' }, { publicKey: parent.publicKey }, { proof: '' }])
      expect(() => checkJoinRequest({ ...request, ...changed })).toThrow(/proof/);
  });
});

describe('what a parent answers', () => {
  it('counts only from the site that the token names, for that token, and as a whole', () => {
    const thumbprint = thumbprintOf(parent.publicKey);
    const signed = signJoinAnswer(answer, token, parent);
    expect(checkJoinAnswer(signed, token, thumbprint)).toMatchObject(answer);
    const other = signJoinAnswer({ ...answer, parent: { ...answer.parent, publicKey: child.publicKey } }, token, child);
    const places = [{ code: 'XXX', kind: 'primary' as const, parent: 'CEN' }];
    for (const wrong of [other, { ...signed, sites: places }, { ...signed, more: 1 }, {}, null])
      expect(() => checkJoinAnswer(wrong, token, thumbprint)).toThrow(/not the site that made this token/);
    expect(() => checkJoinAnswer(signed, 'msj_c.d', thumbprint)).toThrow();
  });

  it('of a newer release may say more than this one knows', () => {
    const signed = signJoinAnswer({ ...answer, more: 1 } as typeof answer, token, parent);
    expect(checkJoinAnswer(signed, token, thumbprintOf(parent.publicKey))).toEqual({
      ...answer,
      signature: signed.signature,
    });
  });
});

it('takes an address of a parent with TLS, or on this machine, and nothing that could lead elsewhere', () => {
  for (const good of [
    'https://central.example',
    'https://central.example:8443/',
    'http://127.0.0.1:7700',
    'http://[::1]:7700',
  ])
    expect(parentAddress(good).protocol).toMatch(/^https?:$/);
  for (const bad of [
    'http://central.example',
    'http://127.0.0.1.example',
    'https://a@b.example',
    'https://x.example/path',
    'https://x.example?q',
    'ftp://x',
    'x',
  ])
    expect(() => parentAddress(bad)).toThrow(/address of the parent/);
});
