import { S3Error, notImplemented } from '../errors.js';
import type { RequestTarget } from './request-target.js';

/** Everything this server can do. */
export type Operation =
  | 'ListBuckets'
  | 'CreateBucket'
  | 'HeadBucket'
  | 'DeleteBucket'
  | 'GetBucketLocation'
  | 'GetBucketVersioning'
  | 'ListObjects'
  | 'ListObjectsV2'
  | 'GetObject'
  | 'HeadObject'
  | 'PutObject'
  | 'DeleteObject'
  | 'CopyObject'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'UploadPartCopy'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListParts'
  | 'ListMultipartUploads';

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
const CHECKSUM_PARAMETERS = [
  'x-amz-checksum-sha256',
  'x-amz-checksum-crc32',
  'x-amz-checksum-mode',
  'x-amz-sdk-checksum-algorithm',
];

const ALLOWED_PARAMETERS: Readonly<Record<Operation, readonly string[]>> = {
  ListBuckets: [],
  CreateBucket: [],
  HeadBucket: [],
  DeleteBucket: [],
  GetBucketLocation: ['location'],
  GetBucketVersioning: ['versioning'],
  ListObjects: LIST_V1,
  ListObjectsV2: LIST_V2,
  GetObject: CHECKSUM_PARAMETERS,
  HeadObject: CHECKSUM_PARAMETERS,
  PutObject: CHECKSUM_PARAMETERS,
  DeleteObject: [],
  CopyObject: [],
  CreateMultipartUpload: ['uploads'],
  UploadPart: ['uploadid', 'partnumber', ...CHECKSUM_PARAMETERS],
  UploadPartCopy: ['uploadid', 'partnumber'],
  CompleteMultipartUpload: ['uploadid'],
  AbortMultipartUpload: ['uploadid'],
  ListParts: ['uploadid', 'max-parts', 'part-number-marker', 'encoding-type'],
  ListMultipartUploads: [
    'uploads',
    'prefix',
    'delimiter',
    'key-marker',
    'upload-id-marker',
    'max-uploads',
    'encoding-type',
  ],
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

const COPY_HEADERS = [
  'x-amz-copy-source',
  'x-amz-copy-source-if-match',
  'x-amz-copy-source-if-none-match',
  'x-amz-copy-source-if-modified-since',
  'x-amz-copy-source-if-unmodified-since',
];

/** x-amz-* headers that only some operations understand. */
const OWN_HEADERS: Partial<Record<Operation, readonly string[]>> = {
  CopyObject: [...COPY_HEADERS, 'x-amz-metadata-directive'],
  UploadPartCopy: [...COPY_HEADERS, 'x-amz-copy-source-range'],
  CreateMultipartUpload: ['x-amz-checksum-algorithm', 'x-amz-checksum-type'],
  CompleteMultipartUpload: ['x-amz-checksum-type', 'x-amz-mp-object-size'],
};

/** What clients ask for by default, and everything has here anyway. */
const ONLY_VALUE: Readonly<Record<string, string>> = { 'x-amz-acl': 'private', 'x-amz-storage-class': 'STANDARD' };

const WITH_BODY: ReadonlySet<Operation> = new Set(['PutObject', 'UploadPart']);
const WITH_METADATA: ReadonlySet<Operation> = new Set(['PutObject', 'CopyObject', 'CreateMultipartUpload']);

/** Operations that change something: refused for a read-only key. */
const WRITES: ReadonlySet<Operation> = new Set([
  'CreateBucket',
  'DeleteBucket',
  'PutObject',
  'DeleteObject',
  'CopyObject',
  'CreateMultipartUpload',
  'UploadPart',
  'UploadPartCopy',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
]);

export function isWrite(operation: Operation): boolean {
  return WRITES.has(operation);
}

/**
 * Which operation a request asks for.
 * @throws S3Error `MethodNotAllowed`, or `NotImplemented` naming the first query parameter or header that is not
 *   supported: half understood requests are never carried out
 */
export function selectOperation(
  method: string,
  target: RequestTarget,
  headers: ReadonlyMap<string, string>,
): Operation {
  const parameters = target.query.map(([name]) => name.toLowerCase());
  const operation = operationOf(method, target, parameters, headers.has('x-amz-copy-source'));
  const allowed = operation === undefined ? [] : ALLOWED_PARAMETERS[operation];
  const stranger = parameters.find((name) => !ALWAYS_ALLOWED.has(name) && !allowed.includes(name));
  if (stranger !== undefined) throw notImplemented(`query parameter "${stranger.slice(0, 64)}" on ${method}`);
  if (operation === undefined) throw new S3Error('MethodNotAllowed', `${method} is not allowed on this resource`);
  for (const [name, value] of headers) {
    if (!name.startsWith('x-amz-') || ALLOWED_HEADERS.has(name) || OWN_HEADERS[operation]?.includes(name)) continue;
    if (name.startsWith('x-amz-meta-') && WITH_METADATA.has(operation)) continue;
    if (name === 'x-amz-checksum-crc32' && WITH_BODY.has(operation)) continue;
    if (ONLY_VALUE[name] === value) continue;
    throw notImplemented(`header ${name.slice(0, 64)} on ${operation}`);
  }
  return operation;
}

function operationOf(
  method: string,
  target: RequestTarget,
  parameters: readonly string[],
  isCopy: boolean,
): Operation | undefined {
  if (target.bucket === undefined) return method === 'GET' ? 'ListBuckets' : undefined;
  if (target.key === undefined) {
    switch (method) {
      case 'GET':
        if (parameters.includes('location')) return 'GetBucketLocation';
        if (parameters.includes('versioning')) return 'GetBucketVersioning';
        if (parameters.includes('uploads')) return 'ListMultipartUploads';
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
  const ofUpload = parameters.includes('uploadid');
  switch (method) {
    case 'GET':
      return ofUpload ? 'ListParts' : 'GetObject';
    case 'HEAD':
      return 'HeadObject';
    case 'PUT':
      if (ofUpload) return isCopy ? 'UploadPartCopy' : 'UploadPart';
      return isCopy ? 'CopyObject' : 'PutObject';
    case 'POST':
      if (ofUpload) return 'CompleteMultipartUpload';
      return parameters.includes('uploads') ? 'CreateMultipartUpload' : undefined;
    case 'DELETE':
      return ofUpload ? 'AbortMultipartUpload' : 'DeleteObject';
    default:
      return undefined;
  }
}
