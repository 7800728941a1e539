import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { sealedSecretSchema, sealingKeySchema, type SealingKey } from '@muster/contracts/sealing.js';
import { keyIdOf, sealingKeyId, unseal } from '@muster/service/sealing/seal.js';
import type { SiteKey } from '../site-key/site-key.js';

/**
 * Generations of the site's sealing key, oldest first; everything is sealed to the last one, and opened by the one that it names.
 * A rotation adds a generation here and has everything sealed anew; the older one goes when nothing names it any more.
 */
const PURPOSES = ['muster sealing 1'];
/** Opened values that are remembered: a fleet that asks after a change would else open the same ones for each device. */
const MOST_REMEMBERED = 2_000;
/** RFC 8410: PKCS #8 of an X25519 key is this and its 32 bytes. */
const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** What becomes of a sealed secret. */
export type Opened = { readonly value: string } | { readonly problem: 'other-key' | 'damaged' | 'of-another-place' };

/**
 * Opens the secrets that other services seal to this one. Its key pair comes from the site's key: whoever has that one can
 * sign policy anyway, there is no second file to keep, and every replica has the same. Sites that replicate are given a key that all
 * of them have, because what one seals must be opened by another; nobody's signing key goes anywhere for that.
 */
export class SiteSealing {
  readonly publicKey: SealingKey;
  private readonly privateKeys: ReadonlyMap<string, KeyObject>;
  private readonly remembered = new Map<string, { for: string; value: string }>();

  /** @param shared seeds of keys that all sites of a hierarchy have; the last one counts. What was sealed before is opened still. */
  constructor(siteKey: SiteKey, purposes: readonly string[] = PURPOSES, shared: readonly Buffer[] = []) {
    const keys = [...siteKey.former, siteKey];
    const own = keys.flatMap((key) => purposes.map((purpose) => key.deriveSecret(purpose).export()));
    const pairs = [...own, ...shared].map(keyPair);
    this.privateKeys = new Map(pairs.map(({ publicKey, privateKey }) => [sealingKeyId(publicKey), privateKey]));
    this.publicKey = pairs.at(-1)!.publicKey;
  }

  /** @param place what it must be sealed for (`SealedSecret.for`) */
  async open(sealed: string, place: string): Promise<Opened> {
    const name = createHash('sha256').update(sealed).digest('base64');
    let secret = this.remembered.get(name);
    if (!secret) {
      const key = this.privateKeys.get(keyIdOf(sealed) ?? '');
      if (!key) return { problem: 'other-key' };
      try {
        secret = sealedSecretSchema.parse(await unseal(sealed, key));
      } catch {
        return { problem: 'damaged' };
      }
      this.remember(name, secret);
    }
    return secret.for === place ? { value: secret.value } : { problem: 'of-another-place' };
  }

  private remember(name: string, secret: { for: string; value: string }): void {
    this.remembered.set(name, secret);
    for (const oldest of this.remembered.keys()) {
      if (this.remembered.size <= MOST_REMEMBERED) return;
      this.remembered.delete(oldest);
    }
  }
}

function keyPair(seed: Buffer): { publicKey: SealingKey; privateKey: KeyObject } {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_X25519, seed]), format: 'der', type: 'pkcs8' });
  const { kty, crv, x } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { publicKey: sealingKeySchema.parse({ kty, crv, x }), privateKey };
}
