import { S3Error } from '../errors.js';
import {
  MAX_CLOCK_SKEW_SECONDS,
  type SignatureClaim,
  type SignedRequest,
  assertScope,
  checkPayloadHash,
  parseSignedHeaders,
} from './claim.js';
import { ALGORITHM, parseCredential, parseTimestamp } from './sigv4.js';

const CODE = 'AuthorizationHeaderMalformed';

/**
 * Reads a signature out of the Authorization header. Says nothing about whether it is right.
 * @throws S3Error when malformed, of another algorithm, region or service, or further than 15 minutes from our clock
 */
export function parseHeaderSignature(
  authorization: string,
  request: SignedRequest,
  region: string,
  nowMilliseconds: number,
): SignatureClaim {
  if (!authorization.startsWith(`${ALGORITHM} `)) {
    throw new S3Error('InvalidRequest', `only ${ALGORITHM} signatures are accepted`);
  }
  const fields = parseFields(authorization.slice(ALGORITHM.length + 1));
  const credential = parseCredential(fields.get('Credential') ?? '');
  if (!credential) throw new S3Error(CODE, 'Credential must be KEY/YYYYMMDD/region/s3/aws4_request');
  const signature = fields.get('Signature');
  if (signature === undefined) throw new S3Error(CODE, 'Signature is missing');
  const signedHeaders = parseSignedHeaders(fields.get('SignedHeaders') ?? '', CODE);

  const timestamp = request.headers.get('x-amz-date') ?? '';
  const signedAt = parseTimestamp(timestamp);
  if (signedAt === undefined) throw new S3Error('AccessDenied', 'a signed request needs x-amz-date, YYYYMMDDTHHMMSSZ');
  assertScope(credential.scope, timestamp, region, CODE);
  if (Math.abs(nowMilliseconds - signedAt) > MAX_CLOCK_SKEW_SECONDS * 1000) {
    throw new S3Error('RequestTimeTooSkewed', undefined, {
      RequestTime: timestamp,
      ServerTime: new Date(nowMilliseconds).toISOString(),
      MaxAllowedSkewMilliseconds: String(MAX_CLOCK_SKEW_SECONDS * 1000),
    });
  }
  const payloadHash = request.headers.get('x-amz-content-sha256');
  if (payloadHash === undefined) throw new S3Error('InvalidRequest', 'header x-amz-content-sha256 is required');
  return {
    ...credential,
    timestamp,
    signedHeaders,
    signature,
    payloadHash: checkPayloadHash(payloadHash),
    query: request.target.query,
  };
}

function parseFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const name = part.slice(0, equals).trim();
    if (equals < 0 || fields.has(name)) throw new S3Error(CODE);
    fields.set(name, part.slice(equals + 1).trim());
  }
  return fields;
}
