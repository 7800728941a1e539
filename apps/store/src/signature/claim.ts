import { S3Error } from '../errors.js';
import type { RequestTarget } from '../http/request-target.js';
import { type CredentialScope, UNSIGNED_PAYLOAD } from './sigv4.js';

/** The largest accepted difference between the request's time and ours. */
export const MAX_CLOCK_SKEW_SECONDS = 15 * 60;

/** A request as far as signatures are concerned. */
export interface SignedRequest {
  method: string;
  target: RequestTarget;
  /** Lower-case names; repeated headers joined with a comma. */
  headers: ReadonlyMap<string, string>;
}

/** What a signature claims, before it is checked: the same shape for both places it can stand in. */
export interface SignatureClaim {
  accessKeyId: string;
  scope: CredentialScope;
  /** YYYYMMDDTHHMMSSZ */
  timestamp: string;
  signedHeaders: readonly string[];
  signature: string;
  payloadHash: string;
  /** Query as it was signed. */
  query: RequestTarget['query'];
}

/** `x-amz-content-sha256` of a body that carries a signature per chunk. */
export const STREAMING_PAYLOAD = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';

/**
 * Checks a value of x-amz-content-sha256 and returns it.
 * @throws S3Error `NotImplemented` for the streaming variants with trailers, `InvalidArgument` for anything unknown
 */
export function checkPayloadHash(value: string): string {
  if (value === UNSIGNED_PAYLOAD || value === STREAMING_PAYLOAD || /^[0-9a-f]{64}$/.test(value)) return value;
  if (value.startsWith('STREAMING-')) {
    throw new S3Error('NotImplemented', `x-amz-content-sha256 ${value.slice(0, 64)} is not implemented by this server`);
  }
  throw new S3Error('InvalidArgument', 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a lower-case hex SHA-256');
}

/** The S3 codes that a signature's fields are refused with, which differ by where it stands. */
export type MalformedCode = 'AuthorizationHeaderMalformed' | 'AuthorizationQueryParametersError';

/**
 * Checks that a credential scope is ours and of the signature's day.
 * @throws S3Error with `code`; a wrong region is named in `<Region>`, from which clients learn ours
 */
export function assertScope(scope: CredentialScope, timestamp: string, region: string, code: MalformedCode): void {
  if (scope.service !== 's3') {
    throw new S3Error(code, `the credential is scoped to service '${scope.service}'; expecting 's3'`);
  }
  if (scope.region !== region) {
    const message = `the region '${scope.region}' is wrong; expecting '${region}'`;
    throw new S3Error(code, message, { Region: region });
  }
  if (scope.date !== timestamp.slice(0, 8)) {
    throw new S3Error(code, `the credential's date ${scope.date} is not the day of the request, ${timestamp}`);
  }
}

/**
 * Splits a SignedHeaders list.
 * @throws S3Error with `code` when a name is empty, not lower-case, or given twice
 */
export function parseSignedHeaders(text: string, code: MalformedCode): string[] {
  const names = text.split(';');
  if (!names.every((name) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) || new Set(names).size !== names.length) {
    throw new S3Error(code, 'SignedHeaders must be distinct lower-case header names separated by semicolons');
  }
  return names;
}
