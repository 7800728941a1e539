import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import type { PublicKey } from '@muster/contracts/agent/enrolment.js';
import { type SiteKeyNews, siteKeyVoucherSchema } from '@muster/contracts/agent/site-key.js';
import { AgentError } from './agent-error.js';
import type { AgentIdentity } from './agent-identity.js';

/** Whose key it is, and the keys that it had before. */
export type KnownSiteKeys = Pick<AgentIdentity, 'site' | 'signingKey' | 'formerSigningKeys'>;

/** Does a compact JWS name this key? Nothing is verified by that. */
export async function names(jws: string, key: PublicKey): Promise<boolean> {
  try {
    return decodeProtectedHeader(jws).kid === (await calculateJwkThumbprint(key));
  } catch {
    return false;
  }
}

/**
 * The keys to believe when a site says that it signs by another one now. Only the key that this computer believes vouches for another: one
 * that was given up neither vouches nor comes back, whoever has it.
 *
 * @throws AgentError `policy.site-key-not-vouched`
 */
export async function followSiteKey(
  known: KnownSiteKeys,
  news: SiteKeyNews,
): Promise<Pick<AgentIdentity, 'signingKey' | 'formerSigningKeys'>> {
  const { signingKey, formerSigningKeys = [] } = known;
  const { publicKey } = news;
  if (publicKey.x === signingKey.x) return { signingKey, formerSigningKeys };
  const [now, then] = await Promise.all([calculateJwkThumbprint(publicKey), calculateJwkThumbprint(signingKey)]);
  if (formerSigningKeys.some(({ x }) => x === publicKey.x)) throw notVouched(`it gave the key ${now} up before`);
  for (const voucher of news.vouchers) {
    if (await vouches(voucher, known, publicKey))
      return { signingKey: publicKey, formerSigningKeys: [...formerSigningKeys, signingKey] };
  }
  throw notVouched(`the key ${then}, which it had, does not vouch for ${now}`);
}

async function vouches(jws: string, { site, signingKey }: KnownSiteKeys, publicKey: PublicKey): Promise<boolean> {
  if (!(await names(jws, signingKey))) return false;
  try {
    const key = await importJWK(signingKey, 'EdDSA');
    const { payload } = await compactVerify(jws, key, { algorithms: ['EdDSA'] });
    const voucher = siteKeyVoucherSchema.parse(JSON.parse(new TextDecoder().decode(payload)));
    return voucher.site === site && voucher.siteKey.x === publicKey.x;
  } catch {
    return false;
  }
}

function notVouched(why: string): AgentError {
  return new AgentError(
    'policy.site-key-not-vouched',
    `the site says that it signs by another key, and ${why}: nothing of it is taken. If the keys of the site were lost, enrol again with --force`,
  );
}
