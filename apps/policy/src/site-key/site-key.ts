import {
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  hkdfSync,
  sign,
  type KeyObject,
} from 'node:crypto';
import type { PublicKey } from '@muster/contracts/agent/enrolment.js';
import { MOST_VOUCHERS, type SiteKeyNews, type SiteKeyVoucher } from '@muster/contracts/agent/site-key.js';
import { canonicalJson } from '@muster/contracts/digest.js';

/** One key of a file that may hold several. */
const PEM = /-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g;

/** The keys of a text that has one or several behind each other. */
export function pemsOf(text: string): readonly [string, ...string[]] {
  const [first = text, ...others] = text.match(PEM) ?? [];
  return [first, ...others];
}

/** The site's Ed25519 key: signs policy, and is the root of the secret that protects sessions. */
export class SiteKey {
  readonly publicKey: PublicKey;
  /** RFC 7638 thumbprint of the public half: what enrolment tokens carry, and the `kid` of every signature. */
  readonly thumbprint: string;
  /** Keys that the site had before, the oldest first: they vouch for this one, and sign nothing else any more. */
  readonly former: readonly SiteKey[];
  private readonly privateKey: KeyObject;
  private readonly header: string;

  /** @param text PKCS #8 in PEM; of several keys the last one counts */
  constructor(text: string) {
    const pems = pemsOf(text);
    this.former = pems.slice(0, -1).map((one) => new SiteKey(one));
    this.privateKey = createPrivateKey(pems.at(-1) ?? text);
    const { x } = createPublicKey(this.privateKey).export({ format: 'jwk' });
    if (typeof x !== 'string') throw new TypeError('the site key is not an Ed25519 key');
    this.publicKey = { kty: 'OKP', crv: 'Ed25519', x };
    this.thumbprint = thumbprintOf(this.publicKey);
    this.header = encode(JSON.stringify({ alg: 'EdDSA', kid: this.thumbprint }));
  }

  /** A document as compact JWS. */
  signDocument(document: unknown): string {
    const input = `${this.header}.${encode(JSON.stringify(document))}`;
    return `${input}.${sign(null, Buffer.from(input), this.privateKey).toString('base64url')}`;
  }

  /** What is said to a computer that may know another key of the site. */
  news(site: string): SiteKeyNews {
    const voucher: SiteKeyVoucher = { site, siteKey: this.publicKey };
    const vouchers = this.former.slice(-MOST_VOUCHERS).map((one) => one.signDocument(voucher));
    return { publicKey: this.publicKey, vouchers };
  }

  /** 32 bytes for one purpose, the same in every replica and after every restart; others when the key is another one. */
  deriveSecret(purpose: string): KeyObject {
    const seed = this.privateKey.export({ format: 'der', type: 'pkcs8' });
    return createSecretKey(new Uint8Array(hkdfSync('sha256', seed, Buffer.alloc(0), purpose, 32)));
  }

  /** The same of the first key that the site had: for what was handed out and is not handed out again. */
  deriveLasting(purpose: string): KeyObject {
    return (this.former[0] ?? this).deriveSecret(purpose);
  }
}

/** RFC 7638: of an Ed25519 key, the digest of its three required members in order of their names. */
export function thumbprintOf({ crv, kty, x }: PublicKey): string {
  return createHash('sha256').update(canonicalJson({ crv, kty, x })).digest('base64url');
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}
