import { S3Error, notImplemented } from '../errors.js';
import type { RequestTarget } from './request-target.js';

/** Everything this server can do. */
export type Operation =
  | 'ListBuckets'
  | 'CreateBucket'
  | 'HeadBucket'
  | 'DeleteBucket'
  | 'GetBucketLocation'
  | 'ListObjects'
  | 'ListObjectsV2'
  | 'GetObject'
  | 'HeadObject'
  | 'PutObject'
  | 'DeleteObject';

/** Query parameters of the signature, and `x-id`, which the AWS SDKs add for their own logs. */
const ALWAYS_ALLOWED = new Set([
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-signedheaders',
  'x-amz-signature',
  'x-amz-content-sha256',
  'x-id',
]);

const LIST_V1 = ['prefix', 'delimiter', 'max-keys', 'marker', 'encoding-type'];
const LIST_V2 = [
  'list-type',
  'prefix',
  'delimiter',
  'max-keys',
  'continuation-token',
  'start-after',
  'encoding-type',
  'fetch-owner',
];
const CHECKSUM_PARAMETERS = ['x-amz-checksum-sha256', 'x-amz-checksum-mode', 'x-amz-sdk-checksum-algorithm'];

const ALLOWED_PARAMETERS: Readonly<Record<Operation, readonly string[]>> = {
  ListBuckets: [],
  CreateBucket: [],
  HeadBucket: [],
  DeleteBucket: [],
  GetBucketLocation: ['location'],
  ListObjects: LIST_V1,
  ListObjectsV2: LIST_V2,
  GetObject: CHECKSUM_PARAMETERS,
  HeadObject: CHECKSUM_PARAMETERS,
  PutObject: CHECKSUM_PARAMETERS,
  DeleteObject: [],
};

/** x-amz-* headers that are understood, or that change nothing here. */
const ALLOWED_HEADERS = new Set([
  'x-amz-date',
  'x-amz-content-sha256',
  'x-amz-decoded-content-length',
  'x-amz-checksum-sha256',
  'x-amz-checksum-mode',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-user-agent',
]);

/** Operations that change something: refused for a read-only key. */
const WRITES: ReadonlySet<Operation> = new Set(['CreateBucket', 'DeleteBucket', 'PutObject', 'DeleteObject']);

export function isWrite(operation: Operation): boolean {
  return WRITES.has(operation);
}

/**
 * Which operation a request asks for.
 * @throws S3Error `MethodNotAllowed`, or `NotImplemented` naming the first query parameter or header that is not
 *   supported: half understood requests are never carried out
 */
export function selectOperation(method: string, target: RequestTarget, headerNames: Iterable<string>): Operation {
  const parameters = target.query.map(([name]) => name.toLowerCase());
  const operation = operationOf(method, target, parameters);
  const allowed = operation === undefined ? [] : ALLOWED_PARAMETERS[operation];
  const stranger = parameters.find((name) => !ALWAYS_ALLOWED.has(name) && !allowed.includes(name));
  if (stranger !== undefined) throw notImplemented(`query parameter "${stranger.slice(0, 64)}" on ${method}`);
  if (operation === undefined) throw new S3Error('MethodNotAllowed', `${method} is not allowed on this resource`);
  for (const name of headerNames) {
    if (!name.startsWith('x-amz-') || ALLOWED_HEADERS.has(name)) continue;
    if (name.startsWith('x-amz-meta-') && operation === 'PutObject') continue;
    throw notImplemented(`header ${name.slice(0, 64)} on ${operation}`);
  }
  return operation;
}

function operationOf(method: string, target: RequestTarget, parameters: readonly string[]): Operation | undefined {
  if (target.bucket === undefined) return method === 'GET' ? 'ListBuckets' : undefined;
  if (target.key === undefined) {
    switch (method) {
      case 'GET':
        if (parameters.includes('location')) return 'GetBucketLocation';
        return parameters.includes('list-type') ? 'ListObjectsV2' : 'ListObjects';
      case 'HEAD':
        return 'HeadBucket';
      case 'PUT':
        return 'CreateBucket';
      case 'DELETE':
        return 'DeleteBucket';
      default:
        return undefined;
    }
  }
  switch (method) {
    case 'GET':
      return 'GetObject';
    case 'HEAD':
      return 'HeadObject';
    case 'PUT':
      return 'PutObject';
    case 'DELETE':
      return 'DeleteObject';
    default:
      return undefined;
  }
}
