import { enrolmentProofSchema, type PublicKey } from '@muster/contracts/agent/enrolment.js';
import { MusterError } from '@muster/platform/errors.js';
import { verifyProof } from '../proofs/verify-proof.js';
import { sha256Hex } from '../tokens/secret.js';

/**
 * Checks that whoever sends the request has the private half of its public key, and meant this token and this name.
 * `iat` is not judged: the token is good once, and a new computer's clock may say anything.
 *
 * @throws MusterError `enrolment.wrong-proof`
 */
export async function checkEnrolmentProof(request: {
  token: string;
  name: string;
  publicKey: PublicKey;
  proof: string;
}): Promise<void> {
  const claims = await readProof(request);
  if (claims === undefined)
    throw wrongProof('is not a compact JWS (EdDSA) by the private half of "publicKey" over {tokenSha256, name, iat}');
  if (claims.tokenSha256 !== sha256Hex(request.token))
    throw wrongProof('is for another token: tokenSha256 must be the SHA-256 of the whole token, in hex');
  if (claims.name !== request.name) throw wrongProof('is for another name than the request');
}

async function readProof({ publicKey, proof }: { publicKey: PublicKey; proof: string }) {
  const payload = await verifyProof(proof, publicKey);
  if (payload === undefined) return undefined;
  try {
    return enrolmentProofSchema.safeParse(JSON.parse(payload.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

function wrongProof(what: string): MusterError {
  return new MusterError('unauthenticated', 'enrolment.wrong-proof', `The proof ${what}`);
}
