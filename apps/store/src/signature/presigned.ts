import { S3Error } from '../errors.js';
import { queryValue } from '../http/request-target.js';
import {
  MAX_CLOCK_SKEW_SECONDS,
  type SignatureClaim,
  type SignedRequest,
  assertScope,
  checkPayloadHash,
  parseSignedHeaders,
} from './claim.js';
import { ALGORITHM, UNSIGNED_PAYLOAD, parseCredential, parseTimestamp } from './sigv4.js';

const CODE = 'AuthorizationQueryParametersError';

/** Longest life of a presigned URL: one week, as AWS has it. */
const MAX_EXPIRES_SECONDS = 7 * 24 * 60 * 60;

/**
 * Reads a signature out of the query of a presigned URL. Says nothing about whether it is right.
 * @throws S3Error when malformed, of another algorithm, region or service, not valid yet, or expired
 */
export function parsePresignedSignature(
  request: SignedRequest,
  region: string,
  nowMilliseconds: number,
): SignatureClaim {
  const { target } = request;
  if (queryValue(target, 'X-Amz-Algorithm') !== ALGORITHM) {
    throw new S3Error(CODE, `X-Amz-Algorithm must be ${ALGORITHM}`);
  }
  const credential = parseCredential(required(request, 'X-Amz-Credential'));
  if (!credential) throw new S3Error(CODE, 'X-Amz-Credential must be KEY/YYYYMMDD/region/s3/aws4_request');
  const timestamp = required(request, 'X-Amz-Date');
  const signedAt = parseTimestamp(timestamp);
  if (signedAt === undefined) throw new S3Error(CODE, 'X-Amz-Date must be YYYYMMDDTHHMMSSZ');
  const expiresText = required(request, 'X-Amz-Expires');
  const expiresSeconds = /^\d{1,7}$/.test(expiresText) ? Number(expiresText) : 0;
  if (expiresSeconds < 1 || expiresSeconds > MAX_EXPIRES_SECONDS) {
    throw new S3Error(CODE, `X-Amz-Expires must be 1 to ${MAX_EXPIRES_SECONDS} seconds`);
  }
  assertScope(credential.scope, timestamp, region, CODE);

  if (signedAt - nowMilliseconds > MAX_CLOCK_SKEW_SECONDS * 1000) {
    throw new S3Error('AccessDenied', 'the presigned URL is not valid yet', times(timestamp, nowMilliseconds));
  }
  const expiresAt = signedAt + expiresSeconds * 1000;
  if (nowMilliseconds > expiresAt) {
    const details = { Expires: new Date(expiresAt).toISOString(), ...times(timestamp, nowMilliseconds) };
    throw new S3Error('AccessDenied', 'the presigned URL has expired', details);
  }
  // A presigned URL is made before the body is known, so an unsigned payload is the rule.
  const payloadHash =
    queryValue(target, 'X-Amz-Content-Sha256') ?? request.headers.get('x-amz-content-sha256') ?? UNSIGNED_PAYLOAD;
  return {
    ...credential,
    timestamp,
    signedHeaders: parseSignedHeaders(required(request, 'X-Amz-SignedHeaders'), CODE),
    signature: required(request, 'X-Amz-Signature'),
    payloadHash: checkPayloadHash(payloadHash),
    query: target.query.filter(([name]) => name.toLowerCase() !== 'x-amz-signature'),
  };
}

function required(request: SignedRequest, name: string): string {
  const value = queryValue(request.target, name);
  if (!value) throw new S3Error(CODE, `${name} is missing`);
  return value;
}

function times(timestamp: string, nowMilliseconds: number): Record<string, string> {
  return { RequestTime: timestamp, ServerTime: new Date(nowMilliseconds).toISOString() };
}
