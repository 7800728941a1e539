import type { IncomingMessage, ServerResponse } from 'node:http';
import { createHash } from 'node:crypto';
import { S3Error } from '../errors.js';
import type { Identity, PayloadRule } from '../signature/authenticate.js';
import { type XmlContent, S3_NAMESPACE, renderXml } from '../xml.js';
import { type RequestTarget, queryValue } from './request-target.js';

/** Bodies of operations that carry no object: a few lines of XML. */
const MAX_SMALL_BODY_BYTES = 64 * 1024;

/** One authenticated request and the means to answer it. */
export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  target: RequestTarget;
  identity: Identity;
  requestId: string;
  /** When the request arrived. */
  now: Date;
  /** The client waits for "100 Continue" before it sends the body. */
  continueAwaited: boolean;
}

/** The body as it arrives. Tells a waiting client to send it. Leaving early does not destroy the connection. */
export function bodyOf(exchange: Exchange): AsyncIterable<Buffer> {
  if (exchange.continueAwaited) {
    exchange.continueAwaited = false;
    exchange.response.writeContinue();
  }
  return { [Symbol.asyncIterator]: () => exchange.request.iterator({ destroyOnReturn: false }) };
}

/**
 * Reads a small body and checks it against the signature.
 * @throws S3Error `EntityTooLarge` over `maxBytes` (64 KiB), `XAmzContentSHA256Mismatch`, `NotImplemented` when it is chunk-signed
 */
export async function readSmallBody(exchange: Exchange, maxBytes = MAX_SMALL_BODY_BYTES): Promise<string> {
  const rule = exchange.identity.payload;
  if (rule.kind === 'chunked') throw new S3Error('NotImplemented', 'aws-chunked bodies are for objects only');
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of bodyOf(exchange)) {
    size += part.length;
    if (size > maxBytes) throw new S3Error('EntityTooLarge');
    parts.push(part);
  }
  const body = Buffer.concat(parts);
  assertPayload(rule, createHash('sha256').update(body).digest('hex'));
  return body.toString('utf8');
}

/** @throws S3Error `XAmzContentSHA256Mismatch` */
export function assertPayload(rule: PayloadRule, sha256Hex: string): void {
  if (rule.kind === 'sha256' && rule.hex !== sha256Hex) {
    throw new S3Error('XAmzContentSHA256Mismatch', undefined, {
      ClientComputedContentSHA256: rule.hex,
      S3ComputedContentSHA256: sha256Hex,
    });
  }
}

/**
 * A value that may be sent as header or, in a presigned URL, as query parameter of the same name.
 * @throws S3Error `InvalidArgument` when given twice
 */
export function headerOrQuery(exchange: Exchange, name: string): string | undefined {
  const header = exchange.request.headers[name];
  const value = queryValue(exchange.target, name);
  if (typeof header === 'string' && value !== undefined && header !== value) {
    throw new S3Error('InvalidArgument', `${name} is given as header and as query parameter with different values`);
  }
  return typeof header === 'string' ? header : value;
}

/** Answers with an XML document. */
export function sendXml(exchange: Exchange, root: string, content: XmlContent): void {
  const body = renderXml(root, content, S3_NAMESPACE);
  exchange.response.writeHead(200, {
    'content-type': 'application/xml',
    'content-length': Buffer.byteLength(body),
  });
  exchange.response.end(body);
}

/** Answers without a body. */
export function sendEmpty(exchange: Exchange, status: number, headers: Record<string, string | number> = {}): void {
  exchange.response.writeHead(status, status === 204 || status === 304 ? headers : { 'content-length': 0, ...headers });
  exchange.response.end();
}
