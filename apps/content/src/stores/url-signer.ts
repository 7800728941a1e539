import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { StoreKeys } from '../config.js';

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** Where a bucket is. */
export interface BucketAddress {
  endpoint: string;
  region: string;
  bucket: string;
}

/** What a URL shall allow. */
export interface SignableRequest {
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** Undefined: the bucket itself. */
  key?: string | undefined;
  query?: Readonly<Record<string, string>> | undefined;
}

/** What stays the same for all URLs of a day. */
interface SigningDay {
  /** YYYYMMDD */
  date: string;
  scope: string;
  key: KeyObject;
}

/**
 * Presigned URLs of one bucket: Signature Version 4 in the query, as "Authenticating Requests: Using Query Parameters" of the
 * Amazon S3 API reference has it, with the bucket in the path and only `Host` signed. The key for a day is made once (ADR 54).
 */
export class UrlSigner {
  /** Scheme, host and port. */
  readonly origin: string;
  private readonly host: string;
  private day: SigningDay | undefined;

  /** @throws TypeError when the endpoint is no URL */
  constructor(
    private readonly address: BucketAddress,
    private readonly keys: StoreKeys,
  ) {
    const { origin, host } = new URL(address.endpoint);
    this.origin = origin;
    this.host = host;
  }

  /**
   * Path and query of a URL with which anybody can make this request, behind {@link origin}.
   *
   * @param seconds how long, 1 to 604,800 (a week)
   * @param now from when, milliseconds
   */
  sign({ method, key, query = {} }: SignableRequest, seconds: number, now: number): string {
    const timestamp = new Date(now).toISOString().replace(/\.\d+|[-:]/g, '');
    const day = this.dayOf(timestamp.slice(0, 8));
    const path = `/${this.address.bucket}${key === undefined ? '' : `/${encodePath(key)}`}`;
    const parameters = Object.entries(query)
      .concat([
        ['X-Amz-Algorithm', ALGORITHM],
        ['X-Amz-Credential', `${this.keys.accessKeyId}/${day.scope}`],
        ['X-Amz-Date', timestamp],
        ['X-Amz-Expires', String(seconds)],
        ['X-Amz-SignedHeaders', 'host'],
      ])
      .map(([name, value]) => [encodeStrict(name), encodeStrict(value)] as const)
      // By the bytes of the names, which is not how "name=value" sorts where one name begins with another.
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join('&');
    const canonical = `${method}\n${path}\n${parameters}\nhost:${this.host}\n\nhost\nUNSIGNED-PAYLOAD`;
    const text = `${ALGORITHM}\n${timestamp}\n${day.scope}\n${hash('sha256', canonical)}`;
    const signature = createHmac('sha256', day.key).update(text).digest('hex');
    return `${path}?${parameters}&X-Amz-Signature=${signature}`;
  }

  private dayOf(date: string): SigningDay {
    if (this.day?.date === date) return this.day;
    const { region } = this.address;
    const key = [date, region, 's3', 'aws4_request'].reduce(
      (made, part) => secretOf(createHmac('sha256', made).update(part).digest()),
      secretOf(Buffer.from(`AWS4${this.keys.secretAccessKey}`)),
    );
    this.day = { date, scope: `${date}/${region}/s3/aws4_request`, key };
    return this.day;
  }
}

/** Node takes more than ten times as long with a key that is a buffer: it asks it, by an exception, whether it is a key object. */
function secretOf(bytes: Buffer): KeyObject {
  return createSecretKey(bytes);
}

/** Percent-encodes as Signature Version 4 wants it: everything but A-Z a-z 0-9 - _ . ~ */
function encodeStrict(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The same, keeping slashes. S3 encodes once, and never normalises dots or double slashes. */
function encodePath(path: string): string {
  return encodeStrict(path).replaceAll('%2F', '/');
}
