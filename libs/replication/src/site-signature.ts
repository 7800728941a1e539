import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { LinkMessage } from '@muster/messaging/link-bus.js';
import { MusterError } from '@muster/platform/errors.js';
import type { z } from 'zod';

/** A frame of Zstandard begins so, and no JSON text does. */
const FRAME = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** Some times what the bus carries unpacked: more would be no message of ours. */
const MOST_BYTES = 64 * 1024 * 1024;

/** An Ed25519 public key as JWK (RFC 8037). */
export interface SitePublicKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
}

/** One key of a file that may hold several. */
const PEM = /-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g;

/** The key by which a site is known to the others. It signs messages between sites and nothing else. */
export class LinkKey {
  readonly publicKey: SitePublicKey;
  /** Keys that the site had before, the oldest first: they vouch for this one, and sign for sites that do not know it yet. */
  readonly former: readonly LinkKey[];
  private readonly privateKey: KeyObject;

  /** @param pem PKCS #8 of an Ed25519 key; of several, the last one counts */
  constructor(pem: string) {
    const pems = pem.match(PEM) ?? [pem];
    this.former = pems.slice(0, -1).map((one) => new LinkKey(one));
    this.privateKey = createPrivateKey(pems.at(-1) ?? pem);
    const { crv, x } = createPublicKey(this.privateKey).export({ format: 'jwk' });
    if (crv !== 'Ed25519' || typeof x !== 'string') throw new TypeError('the link key is not an Ed25519 key');
    this.publicKey = { kty: 'OKP', crv, x };
  }

  /** The key to sign with for a site that knows this one by `x`; null: by the first key that it had. */
  knownAs(x: string | null | undefined): LinkKey {
    const known = x ? this.former.find(({ publicKey }) => publicKey.x === x) : this.former[0];
    return known ?? this;
  }

  /** @param purpose what kind of message it is: a signature counts for no other */
  sign(purpose: string, message: unknown): LinkMessage {
    return this.signText(purpose, JSON.stringify(message));
  }

  /** The same of a message that is JSON already. @param packed to whom accepts it: what is signed and sent is a tenth then */
  signText(purpose: string, text: string, packed = false): LinkMessage {
    const body = packed ? pack(text) : Buffer.from(text, 'utf8');
    return { body, signature: sign(null, signedBytes(purpose, body), this.privateKey).toString('base64url') };
  }
}

/** A message of a site that is known by one of these keys. Throws MusterError `hierarchy.bad-signature`, or a ZodError. */
export function openMessage<Message>(
  schema: z.ZodType<Message>,
  purpose: string,
  { body, signature }: LinkMessage,
  ...keys: readonly SitePublicKey[]
): Message {
  const bytes = signedBytes(purpose, body);
  const isOf = (key: SitePublicKey) =>
    verify(null, bytes, createPublicKey({ key: { ...key }, format: 'jwk' }), Buffer.from(signature, 'base64url'));
  if (!keys.some(isOf)) {
    throw new MusterError(
      'forbidden',
      'hierarchy.bad-signature',
      'A message between sites is not signed by the site that it names. Join the site again if its key was lost',
    );
  }
  return schema.parse(JSON.parse(textOf(Buffer.from(body))));
}

/** What an unproved message claims about itself; the sender's key must prove it. */
export function claimsOf({ body }: LinkMessage): { from: string; nonce: string; knows: string } {
  let claims: Record<string, unknown> | null = null;
  try {
    claims = JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown> | null;
  } catch {
    // It is no message of ours.
  }
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, 64) : '');
  return { from: text(claims?.['from']), nonce: text(claims?.['nonce']), knows: text(claims?.['knows']) };
}

/** The quickest level: it packs documents nearly as well as the others, and takes less time than signing what it saves. */
function pack(text: string): Buffer {
  return zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}

/** Of a body whose signature was proved: nobody else's frames are unpacked. */
function textOf(body: Buffer): string {
  const isPacked = body.subarray(0, FRAME.length).equals(FRAME);
  return (isPacked ? zstdDecompressSync(body, { maxOutputLength: MOST_BYTES }) : body).toString('utf8');
}

function signedBytes(purpose: string, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`muster link 1\n${purpose}\n`, 'utf8'), body]);
}
