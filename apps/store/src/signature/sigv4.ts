import { createHash, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';

/** AWS Signature Version 4 for S3, as pure functions. No clock, no I/O. */

export const ALGORITHM = 'AWS4-HMAC-SHA256';
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';
export const EMPTY_SHA256 = createHash('sha256').digest('hex');

/** `20130524/us-east-1/s3/aws4_request` taken apart. */
export interface CredentialScope {
  /** YYYYMMDD */
  date: string;
  region: string;
  service: string;
}

/** What is signed of a request. */
export interface SignableRequest {
  method: string;
  /** Decoded path. */
  path: string;
  /** Decoded query, without the signature itself. */
  query: readonly (readonly [name: string, value: string])[];
  /** Lower-case names; values of repeated headers already joined with a comma. */
  headers: ReadonlyMap<string, string>;
  /** Lower-case names in the order of the signature. */
  signedHeaders: readonly string[];
  /** Hex SHA-256 of the body, or one of the literal payload words. */
  payloadHash: string;
}

/** Percent-encodes as SigV4 wants it: everything but A-Z a-z 0-9 - _ . ~ */
export function encodeStrict(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Percent-encodes a path, keeping its slashes. S3 encodes once and never normalises dots or double slashes. */
export function encodePath(path: string): string {
  return encodeStrict(path).replaceAll('%2F', '/');
}

/** The canonical request, first input of the signature. A signed header that is absent counts as empty. */
export function canonicalRequest(request: SignableRequest): string {
  const query = request.query
    .map(([name, value]) => [encodeStrict(name), encodeStrict(value)] as const)
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const headers = request.signedHeaders
    .map((name) => `${name}:${(request.headers.get(name) ?? '').trim().replace(/ +/g, ' ')}\n`)
    .join('');
  return [
    request.method,
    encodePath(request.path),
    query,
    headers,
    request.signedHeaders.join(';'),
    request.payloadHash,
  ].join('\n');
}

/** The string to sign. `timestamp` is YYYYMMDDTHHMMSSZ. */
export function stringToSign(timestamp: string, scope: CredentialScope, canonical: string): string {
  const digest = createHash('sha256').update(canonical).digest('hex');
  return [ALGORITHM, timestamp, scopeText(scope), digest].join('\n');
}

/** The string to sign for one chunk of a `STREAMING-AWS4-HMAC-SHA256-PAYLOAD` body. */
export function chunkStringToSign(
  timestamp: string,
  scope: CredentialScope,
  previousSignature: string,
  chunkSha256: string,
): string {
  return ['AWS4-HMAC-SHA256-PAYLOAD', timestamp, scopeText(scope), previousSignature, EMPTY_SHA256, chunkSha256].join(
    '\n',
  );
}

/** The key for one day, region and service. */
export function signingKey(secretAccessKey: string, scope: CredentialScope): Buffer {
  const day = hmac(`AWS4${secretAccessKey}`, scope.date);
  return hmac(hmac(hmac(day, scope.region), scope.service), 'aws4_request');
}

/** Hex signature of a string to sign. */
export function sign(key: Buffer, text: string): string {
  return hmac(key, text).toString('hex');
}

/** Compares two signatures in constant time; anything that is not 64 lower-case hex digits is unequal. */
export function equalSignatures(expected: string, given: string): boolean {
  if (!/^[0-9a-f]{64}$/.test(given)) return false;
  return timingSafeEqual(Buffer.from(expected, 'hex'), Buffer.from(given, 'hex'));
}

/** Milliseconds since the epoch of YYYYMMDDTHHMMSSZ, or undefined when it is not such a time. */
export function parseTimestamp(timestamp: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const milliseconds = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

/** `AKID/20130524/us-east-1/s3/aws4_request` taken apart, or undefined when malformed. */
export function parseCredential(text: string): { accessKeyId: string; scope: CredentialScope } | undefined {
  const parts = text.split('/');
  const [accessKeyId, date, region, service, end] = parts;
  if (parts.length !== 5 || !accessKeyId || !date || !region || !service || end !== 'aws4_request') return undefined;
  return /^\d{8}$/.test(date) ? { accessKeyId, scope: { date, region, service } } : undefined;
}

function scopeText(scope: CredentialScope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
}

/** Node takes more than ten times as long with a key that is a buffer: it asks it, by an exception, whether it is a key object. */
function hmac(key: string | Buffer, text: string): Buffer {
  const secret = typeof key === 'string' ? key : createSecretKey(key);
  return createHmac('sha256', secret).update(text).digest();
}
