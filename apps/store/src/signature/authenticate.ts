import type { Credential, Credentials } from '../credentials.js';
import { S3Error } from '../errors.js';
import { STREAMING_PAYLOAD, type SignatureClaim, type SignedRequest } from './claim.js';
import { parseHeaderSignature } from './header-signature.js';
import { parsePresignedSignature } from './presigned.js';
import {
  type CredentialScope,
  UNSIGNED_PAYLOAD,
  canonicalRequest,
  equalSignatures,
  sign,
  signingKey,
  stringToSign,
} from './sigv4.js';

/** What the signature says about the body. */
export type PayloadRule =
  | { kind: 'unsigned' }
  | { kind: 'sha256'; hex: string }
  | { kind: 'chunked'; seedSignature: string; timestamp: string; scope: CredentialScope; key: Buffer };

/** Who sent the request, proven. */
export interface Identity {
  credential: Credential;
  payload: PayloadRule;
}

/** Signing keys of recent days; each costs four HMACs and is the same all day. */
const SIGNING_KEYS_KEPT = 64;

/** Verifies signatures against a set of access keys. Keeps only a small cache of derived keys. */
export class Authenticator {
  private readonly signingKeys = new Map<string, Buffer>();

  constructor(
    private readonly credentials: Credentials,
    private readonly region: string,
  ) {}

  /**
   * Finds out who signed a request, by header or presigned query.
   * @param nowMilliseconds server time
   * @throws S3Error `AccessDenied` for anonymous requests, and the S3 code of whatever else is wrong
   */
  authenticate(request: SignedRequest, nowMilliseconds: number): Identity {
    const claim = this.readClaim(request, nowMilliseconds);
    const credential = this.credentials.get(claim.accessKeyId);
    if (!credential) throw new S3Error('InvalidAccessKeyId');
    assertEverythingSigned(request, claim);
    const key = this.keyFor(credential, claim.scope);
    const canonical = canonicalRequest({
      method: request.method,
      path: request.target.path,
      query: claim.query,
      headers: request.headers,
      signedHeaders: claim.signedHeaders,
      payloadHash: claim.payloadHash,
    });
    const expected = sign(key, stringToSign(claim.timestamp, claim.scope, canonical));
    if (!equalSignatures(expected, claim.signature)) throw new S3Error('SignatureDoesNotMatch');
    return { credential, payload: payloadRule(claim, key) };
  }

  private readClaim(request: SignedRequest, nowMilliseconds: number): SignatureClaim {
    const authorization = request.headers.get('authorization');
    const presigned = request.target.query.some(([name]) => /^x-amz-(algorithm|credential|signature)$/i.test(name));
    if (authorization !== undefined && presigned) {
      throw new S3Error('InvalidArgument', 'a request is signed by header or by query, not both');
    }
    if (presigned) return parsePresignedSignature(request, this.region, nowMilliseconds);
    if (authorization !== undefined) {
      return parseHeaderSignature(authorization, request, this.region, nowMilliseconds);
    }
    throw new S3Error('AccessDenied', 'anonymous requests are refused; sign with AWS4-HMAC-SHA256');
  }

  private keyFor(credential: Credential, scope: CredentialScope): Buffer {
    const name = `${credential.accessKeyId}/${scope.date}`;
    let key = this.signingKeys.get(name);
    if (!key) {
      key = signingKey(credential.secretAccessKey, scope);
      if (this.signingKeys.size >= SIGNING_KEYS_KEPT) this.signingKeys.clear();
      this.signingKeys.set(name, key);
    }
    return key;
  }
}

/** Without this, whoever sees a signed request could add headers that change what it means. */
function assertEverythingSigned(request: SignedRequest, claim: SignatureClaim): void {
  const signed = new Set(claim.signedHeaders);
  if (!signed.has('host')) throw new S3Error('AccessDenied', 'the Host header must be signed');
  for (const name of request.headers.keys()) {
    if (name.startsWith('x-amz-') && !signed.has(name)) {
      throw new S3Error('AccessDenied', `header ${name} is present but not signed`);
    }
  }
}

function payloadRule(claim: SignatureClaim, key: Buffer): PayloadRule {
  const { payloadHash, signature: seedSignature, timestamp, scope } = claim;
  if (payloadHash === UNSIGNED_PAYLOAD) return { kind: 'unsigned' };
  if (payloadHash === STREAMING_PAYLOAD) {
    return { kind: 'chunked', seedSignature, timestamp, scope, key };
  }
  return { kind: 'sha256', hex: payloadHash };
}
