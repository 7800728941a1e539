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

/** The key by which a site is known to the others. It signs messages between sites and nothing else. */
export class LinkKey {
  readonly publicKey: SitePublicKey;
  private readonly privateKey: KeyObject;

  /** @param pem PKCS #8 of an Ed25519 key */
  constructor(pem: string) {
    this.privateKey = createPrivateKey(pem);
    const { crv, x } = createPublicKey(this.privateKey).export({ format: 'jwk' });
    if (crv !== 'Ed25519' || typeof x !== 'string') throw new TypeError('the link key is not an Ed25519 key');
    this.publicKey = { kty: 'OKP', crv, x };
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

/** A message of a site that is known by this key. Throws MusterError `hierarchy.bad-signature`, or a ZodError. */
export function openMessage<Message>(
  schema: z.ZodType<Message>,
  purpose: string,
  { body, signature }: LinkMessage,
  key: SitePublicKey,
): Message {
  const publicKey = createPublicKey({ key: { ...key }, format: 'jwk' });
  if (!verify(null, signedBytes(purpose, body), publicKey, Buffer.from(signature, 'base64url'))) {
    throw new MusterError(
      'forbidden',
      'hierarchy.bad-signature',
      'A message between sites is not signed by the site that it names. Join the site again if its key was changed',
    );
  }
  return schema.parse(JSON.parse(textOf(Buffer.from(body))));
}

/** What an unproved message claims about itself; the sender's key must prove it. */
export function claimsOf({ body }: LinkMessage): { from: string; nonce: string } {
  try {
    const { from, nonce } = JSON.parse(Buffer.from(body).toString('utf8')) as { from?: unknown; nonce?: unknown };
    return { from: typeof from === 'string' ? from : '', nonce: typeof nonce === 'string' ? nonce.slice(0, 64) : '' };
  } catch {
    return { from: '', nonce: '' };
  }
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
