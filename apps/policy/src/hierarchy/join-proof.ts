import { canonicalJson } from '@muster/contracts/digest.js';
import {
  joinAnswerSchema,
  joinClaimsSchema,
  type JoinAnswer,
  type JoinClaims,
  type JoinRequest,
} from '@muster/contracts/hierarchy/joining.js';
import type { SitePublicKey, LinkKey } from '@muster/replication/site-signature.js';
import { openMessage } from '@muster/replication/site-signature.js';
import { MusterError } from '@muster/platform/errors.js';
import { z } from 'zod';
import { thumbprintOf } from '../site-key/site-key.js';
import { sha256Hex } from '../tokens/secret.js';

const REQUEST = 'site join request';
const ANSWER = 'site join answer';

/** A child's request: what it says of itself, the token, and the proof that it holds its key and meant this token. */
export function signJoinRequest(claims: JoinClaims, token: string, key: LinkKey): JoinRequest {
  const { signature } = key.signText(REQUEST, canonicalJson({ ...claims, tokenSha256: sha256Hex(token) }));
  return { ...claims, token, proof: signature };
}

/** @throws MusterError `hierarchy.wrong-proof` */
export function checkJoinRequest({ token, proof, ...claims }: JoinRequest): JoinClaims {
  const text = canonicalJson({ ...joinClaimsSchema.parse(claims), tokenSha256: sha256Hex(token) });
  if (isSigned(REQUEST, text, proof, claims.publicKey)) return claims;
  throw new MusterError(
    'unauthenticated',
    'hierarchy.wrong-proof',
    'The proof is not a signature by the private half of "publicKey" over this request',
  );
}

/** The parent's answer to one token. */
export function signJoinAnswer(answer: Omit<JoinAnswer, 'signature'>, token: string, key: LinkKey): JoinAnswer {
  const { signature } = key.signText(ANSWER, canonicalJson({ ...answer, tokenSha256: sha256Hex(token) }));
  return { ...answer, signature };
}

/**
 * Whoever made the token made the answer: the token names the key. What this site does not know in it counts for the signature too.
 *
 * @throws MusterError `hierarchy.other-parent`
 */
export function checkJoinAnswer(received: unknown, token: string, thumbprint: string): JoinAnswer {
  const parsed = joinAnswerSchema.safeParse(received);
  if (parsed.success) {
    const { signature, ...rest } = received as JoinAnswer;
    const { publicKey } = parsed.data.parent;
    const text = canonicalJson({ ...rest, tokenSha256: sha256Hex(token) });
    if (thumbprintOf(publicKey) === thumbprint && isSigned(ANSWER, text, signature, publicKey)) return parsed.data;
  }
  throw new MusterError(
    'forbidden',
    'hierarchy.other-parent',
    'What answered is not the site that made this token. Look at the address of the parent, and make a new token there',
  );
}

function isSigned(purpose: string, text: string, signature: string, key: SitePublicKey): boolean {
  try {
    openMessage(z.unknown(), purpose, { body: Buffer.from(text, 'utf8'), signature }, key);
    return true;
  } catch {
    return false;
  }
}
