import type { LinkKeyQuestion } from '@muster/contracts/links/link-messages.js';
import { z } from 'zod';
import { openMessage, type LinkKey, type SitePublicKey } from './site-signature.js';

/** Messages that are under way while a key changes, and services that hear of it last, have so long. */
export const OLD_KEY_MILLISECONDS = 60 * 60_000;
const VOUCHER = 'new link key';
/** More than anybody has; the newest of them. */
const MOST_VOUCHERS = 64;

/** The keys by which another site is known. */
export interface KeysOfSite {
  readonly publicKey: SitePublicKey | null;
  /** By their `x`; each counts until its time, and none becomes the site's key again. */
  readonly previousKeys?: readonly { readonly x: string; readonly until: string }[] | undefined;
}

/** The keys that prove a message of the site now, the one it has first. */
export function keysThatCount({ publicKey, previousKeys = [] }: KeysOfSite, now: number): SitePublicKey[] {
  if (!publicKey) return [];
  const previous = previousKeys.filter(({ until }) => now < Date.parse(until));
  return [publicKey, ...previous.map(({ x }) => ({ ...publicKey, x }))];
}

/** The keys of a site that has another one from now on. @param until the one before still counts */
export function withKey(
  { publicKey: before, previousKeys = [] }: KeysOfSite,
  publicKey: SitePublicKey,
  until: Date,
): { publicKey: SitePublicKey; previousKeys: { x: string; until: string }[] } {
  const previous = previousKeys.filter(({ x }) => x !== publicKey.x);
  if (before && before.x !== publicKey.x) previous.push({ x: before.x, until: until.toISOString() });
  return { publicKey, previousKeys: previous };
}

/** What a site says to one that may not know its key: each that it had before vouches for it. */
export function newsOfKey(key: LinkKey, site: string): Pick<LinkKeyQuestion, 'publicKey' | 'vouchers'> {
  const text = vouched(site, key.publicKey);
  const vouchers = key.former.slice(-MOST_VOUCHERS).map((one) => {
    return { by: one.publicKey.x, signature: one.signText(VOUCHER, text).signature };
  });
  return { publicKey: key.publicKey, vouchers };
}

/**
 * What to make of a key that a site says is its own now. Only the key that the site is known by vouches for another: neither one that
 * was given up, although its messages may still count, nor what was said of it before, brings an older key back.
 */
export function judgeKey(
  site: string,
  known: KeysOfSite,
  { publicKey, vouchers }: Pick<LinkKeyQuestion, 'publicKey' | 'vouchers'>,
): 'known' | 'new' | 'given-up' | 'not-vouched' {
  if (publicKey.x === known.publicKey?.x) return 'known';
  if (known.previousKeys?.some(({ x }) => x === publicKey.x)) return 'given-up';
  const voucher = vouchers.find(({ by }) => by === known.publicKey?.x);
  if (!known.publicKey || !voucher) return 'not-vouched';
  const body = Buffer.from(vouched(site, publicKey), 'utf8');
  try {
    openMessage(z.unknown(), VOUCHER, { body, signature: voucher.signature }, known.publicKey);
    return 'new';
  } catch {
    return 'not-vouched';
  }
}

function vouched(site: string, { x }: SitePublicKey): string {
  return JSON.stringify({ site, x });
}
