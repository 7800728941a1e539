import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type PublicKey, publicKeySchema } from '@muster/contracts/agent/enrolment.js';
import type { SiteKeyNews } from '@muster/contracts/agent/site-key.js';
import { calculateJwkThumbprint, CompactSign } from 'jose';
import { followSiteKey } from './site-key.js';

interface Key {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicKey;
  readonly kid: string;
}

async function makeKey(): Promise<Key> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { kty, crv, x } = publicKey.export({ format: 'jwk' });
  const key = publicKeySchema.parse({ kty, crv, x });
  return { privateKey, publicKey: key, kid: await calculateJwkThumbprint(key) };
}

const sign = ({ privateKey, kid }: Key, claims: unknown): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader({ alg: 'EdDSA', kid }).sign(privateKey);

/** What a site says that had these keys, the newest last. */
async function newsOf(...keys: Key[]): Promise<SiteKeyNews> {
  const newest = keys.at(-1) as Key;
  const vouchers = keys.slice(0, -1).map((one) => sign(one, { site: 'S01', siteKey: newest.publicKey }));
  return { publicKey: newest.publicKey, vouchers: await Promise.all(vouchers) };
}

const refused = expect.objectContaining({ code: 'policy.site-key-not-vouched' });

describe('another signing key of a site', () => {
  it('is believed when the one that is known vouches for it, however many there were in between', async () => {
    const [one, two, three] = [await makeKey(), await makeKey(), await makeKey()];
    const known = { site: 'S01', signingKey: one.publicKey };
    const news = await newsOf(one, two, three);
    const followed = await followSiteKey(known, news);
    expect(followed).toEqual({ signingKey: three.publicKey, formerSigningKeys: [one.publicKey] });
    // Saying it again changes nothing.
    expect(await followSiteKey({ ...known, ...followed }, news)).toEqual(followed);
  });

  it('is not believed when nobody vouches, when a stranger does, for another site, or for another key', async () => {
    const [one, two, stranger] = [await makeKey(), await makeKey(), await makeKey()];
    const known = { site: 'S01', signingKey: one.publicKey };
    const { publicKey } = two;
    const vouchers = [
      await sign(stranger, { site: 'S01', siteKey: publicKey }),
      await sign({ ...stranger, kid: one.kid }, { site: 'S01', siteKey: publicKey }),
      await sign(one, { site: 'S02', siteKey: publicKey }),
      await sign(one, { site: 'S01', siteKey: stranger.publicKey }),
      // A policy is no voucher.
      await sign(one, { site: 'S01', siteKey: publicKey, assignments: [] }),
      'nonsense',
    ];
    await expect(followSiteKey(known, { publicKey, vouchers: [] })).rejects.toEqual(refused);
    await expect(followSiteKey(known, { publicKey, vouchers })).rejects.toEqual(refused);
  });

  it('never is one that was given up, and that one vouches for nothing any more', async () => {
    const [stolen, now] = [await makeKey(), await makeKey()];
    const known = await followSiteKey({ site: 'S01', signingKey: stolen.publicKey }, await newsOf(stolen, now));
    const thief = await makeKey();
    await expect(followSiteKey({ site: 'S01', ...known }, await newsOf(stolen, thief))).rejects.toEqual(refused);
    await expect(followSiteKey({ site: 'S01', ...known }, await newsOf(now, stolen))).rejects.toEqual(refused);
  });
});
