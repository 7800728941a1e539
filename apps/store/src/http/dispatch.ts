import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
} from '../buckets/bucket-requests.js';
import { S3Error } from '../errors.js';
import { listObjectsV1, listObjectsV2 } from '../listing/list-requests.js';
import { copyObject, parseCopySource } from '../objects/copy-object.js';
import type { CopySource } from '../objects/duplicate-object.js';
import { deleteObject, getObject } from '../objects/get-object.js';
import { putObject } from '../objects/put-object.js';
import type { Serving } from '../serving.js';
import { completeUpload } from '../uploads/complete-upload.js';
import { listParts, listUploads } from '../uploads/list-uploads.js';
import { abortUpload, createUpload, uploadPart, uploadPartCopy } from '../uploads/upload-requests.js';
import { type Exchange } from './exchange.js';
import { type Operation, isWrite } from './operations.js';

/** Carries out one operation, after checking that the key that signed it may. */
export async function dispatch(serving: Serving, operation: Operation, exchange: Exchange): Promise<void> {
  const bucket = exchange.target.bucket ?? '';
  const key = exchange.target.key ?? '';
  authorise(exchange, operation, bucket);
  switch (operation) {
    case 'ListBuckets':
      return listBuckets(exchange, serving);
    case 'CreateBucket':
      return createBucket(exchange, bucket, serving);
    case 'HeadBucket':
      return headBucket(exchange, bucket, serving);
    case 'DeleteBucket':
      return deleteBucket(exchange, bucket, serving);
    case 'GetBucketLocation':
      return getBucketLocation(exchange, bucket, serving);
    case 'GetBucketVersioning':
      return getBucketVersioning(exchange, bucket, serving);
    case 'ListObjects':
      return listObjectsV1(exchange, bucket, serving);
    case 'ListObjectsV2':
      return listObjectsV2(exchange, bucket, serving);
    case 'GetObject':
    case 'HeadObject':
      return getObject(exchange, bucket, key, serving);
    case 'PutObject':
      return putObject(exchange, bucket, key, serving);
    case 'DeleteObject':
      return deleteObject(exchange, bucket, key, serving);
    case 'CopyObject':
      return copyObject(exchange, bucket, key, sourceOf(exchange), serving);
    case 'CreateMultipartUpload':
      return createUpload(exchange, bucket, key, serving);
    case 'UploadPart':
      return uploadPart(exchange, bucket, key, serving);
    case 'UploadPartCopy':
      return uploadPartCopy(exchange, bucket, key, sourceOf(exchange), serving);
    case 'CompleteMultipartUpload':
      return completeUpload(exchange, bucket, key, serving);
    case 'AbortMultipartUpload':
      return abortUpload(exchange, bucket, key, serving);
    case 'ListParts':
      return listParts(exchange, bucket, key, serving);
    case 'ListMultipartUploads':
      return listUploads(exchange, bucket, serving);
    default:
      return operation satisfies never;
  }
}

/** What a copy is made of. @throws S3Error `AccessDenied` */
function sourceOf(exchange: Exchange): CopySource {
  const source = parseCopySource(exchange);
  authorise(exchange, 'GetObject', source.bucket);
  return source;
}

function authorise(exchange: Exchange, operation: Operation, bucket: string): void {
  const { credential } = exchange.identity;
  if (credential.readOnly && isWrite(operation)) throw new S3Error('AccessDenied', 'this access key may only read');
  if (bucket !== '' && credential.buckets && !credential.buckets.includes(bucket)) {
    throw new S3Error('AccessDenied', 'this access key may not touch this bucket');
  }
}
