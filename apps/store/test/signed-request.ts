import { createHash } from 'node:crypto';
import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
import { parseRequestTarget } from '../src/http/request-target.js';
import { UNSIGNED_PAYLOAD, canonicalRequest, sign, signingKey, stringToSign } from '../src/signature/sigv4.js';

export interface TestKey {
  accessKeyId: string;
  secretAccessKey: string;
}

/** A request as the tests write it. */
export interface TestRequest {
  port: number;
  method: string;
  /** Raw target, sent byte for byte. */
  path: string;
  headers?: Record<string, string>;
  body?: Buffer | string;
  key?: TestKey;
  region?: string;
  /** Signing time; now when absent. */
  at?: Date;
  /** Value of x-amz-content-sha256; the body's real hash when absent. */
  payloadHash?: string;
  /** Whose connections are used; those of everybody when absent. */
  agent?: Agent;
}

export interface TestAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  text: string;
  /** `<Code>` of an error document. */
  code: string | undefined;
}

export function sha256Hex(body: Buffer | string): string {
  return createHash('sha256').update(body).digest('hex');
}

export function amzTime(at: Date): string {
  return at.toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
}

/** Headers of a request, with its Authorization. */
export function signHeaders(wanted: TestRequest): Record<string, string> {
  const key = wanted.key;
  if (!key) return { ...wanted.headers };
  const timestamp = amzTime(wanted.at ?? new Date());
  const payloadHash = wanted.payloadHash ?? sha256Hex(wanted.body ?? '');
  const headers: Record<string, string> = {
    host: `127.0.0.1:${wanted.port}`,
    'x-amz-date': timestamp,
    'x-amz-content-sha256': payloadHash,
    ...wanted.headers,
  };
  const signedHeaders = Object.keys(headers)
    .map((name) => name.toLowerCase())
    .filter((name) => name === 'host' || name.startsWith('x-amz-'))
    .sort();
  const { path, query } = parseRequestTarget(wanted.path);
  const scope = { date: timestamp.slice(0, 8), region: wanted.region ?? 'us-east-1', service: 's3' };
  const lowerCase = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const canonical = canonicalRequest({
    method: wanted.method,
    path,
    query,
    headers: lowerCase,
    signedHeaders,
    payloadHash,
  });
  const signature = sign(signingKey(key.secretAccessKey, scope), stringToSign(timestamp, scope, canonical));
  const credential = `${key.accessKeyId}/${scope.date}/${scope.region}/s3/aws4_request`;
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
  return headers;
}

/** A presigned target; `headers` in `signed` must then be sent as they are. */
export function presign(
  wanted: Pick<TestRequest, 'port' | 'method' | 'path' | 'region' | 'at'> & {
    key: TestKey;
    expiresSeconds: number;
    headers?: Record<string, string>;
  },
): string {
  const timestamp = amzTime(wanted.at ?? new Date());
  const scope = { date: timestamp.slice(0, 8), region: wanted.region ?? 'us-east-1', service: 's3' };
  const headers = new Map(Object.entries({ host: `127.0.0.1:${wanted.port}`, ...wanted.headers }));
  const signedHeaders = [...headers.keys()].sort();
  const credential = encodeURIComponent(`${wanted.key.accessKeyId}/${scope.date}/${scope.region}/s3/aws4_request`);
  const target =
    `${wanted.path}${wanted.path.includes('?') ? '&' : '?'}X-Amz-Algorithm=AWS4-HMAC-SHA256` +
    `&X-Amz-Credential=${credential}&X-Amz-Date=${timestamp}&X-Amz-Expires=${wanted.expiresSeconds}` +
    `&X-Amz-SignedHeaders=${encodeURIComponent(signedHeaders.join(';'))}`;
  const { path, query } = parseRequestTarget(target);
  const canonical = canonicalRequest({
    method: wanted.method,
    path,
    query,
    headers,
    signedHeaders,
    payloadHash: UNSIGNED_PAYLOAD,
  });
  const signature = sign(signingKey(wanted.key.secretAccessKey, scope), stringToSign(timestamp, scope, canonical));
  return `${target}&X-Amz-Signature=${signature}`;
}

/** Sends a request exactly as written, signed when it has a key, and reads the whole answer. */
export function send(wanted: TestRequest): Promise<TestAnswer> {
  return sendRaw({ ...wanted, headers: signHeaders(wanted) });
}

/** Sends a request with its headers as they are. */
export function sendRaw(
  wanted: Pick<TestRequest, 'port' | 'method' | 'path' | 'headers' | 'body' | 'agent'>,
): Promise<TestAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: wanted.port,
        method: wanted.method,
        path: wanted.path,
        headers: wanted.headers,
        agent: wanted.agent,
      },
      (incoming) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const body = Buffer.concat(parts);
          const text = body.toString();
          const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body, text, code });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(wanted.body);
  });
}
