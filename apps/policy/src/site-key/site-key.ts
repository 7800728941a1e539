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
import { canonicalJson } from '@muster/contracts/digest.js';

/** The site's Ed25519 key: signs policy, and is the root of the secret that protects sessions. */
export class SiteKey {
  readonly publicKey: PublicKey;
  /** RFC 7638 thumbprint of the public half: what enrolment tokens carry, and the `kid` of every signature. */
  readonly thumbprint: string;
  private readonly privateKey: KeyObject;
  private readonly header: string;

  /** @param pem PKCS #8 */
  constructor(pem: string) {
    this.privateKey = createPrivateKey(pem);
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

  /** 32 bytes for one purpose, the same in every replica and after every restart. */
  deriveSecret(purpose: string): KeyObject {
    const seed = this.privateKey.export({ format: 'der', type: 'pkcs8' });
    return createSecretKey(new Uint8Array(hkdfSync('sha256', seed, Buffer.alloc(0), purpose, 32)));
  }
}

/** RFC 7638: of an Ed25519 key, the digest of its three required members in order of their names. */
export function thumbprintOf({ crv, kty, x }: PublicKey): string {
  return createHash('sha256').update(canonicalJson({ crv, kty, x })).digest('base64url');
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}
