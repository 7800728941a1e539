import type { BucketFolders } from '../buckets/bucket-folders.js';
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
import { type CopySource, copyObject, parseCopySource } from '../objects/copy-object.js';
import { deleteObject, getObject } from '../objects/get-object.js';
import type { ObjectStore } from '../objects/object-store.js';
import { putObject } from '../objects/put-object.js';
import { completeUpload } from '../uploads/complete-upload.js';
import { listParts, listUploads } from '../uploads/list-uploads.js';
import type { UploadFiles } from '../uploads/upload-files.js';
import { abortUpload, createUpload, uploadPart, uploadPartCopy } from '../uploads/upload-requests.js';
import { type Exchange } from './exchange.js';
import { type Operation, isWrite } from './operations.js';

/** What requests act on. */
export interface Store {
  buckets: BucketFolders;
  objects: ObjectStore;
  uploads: UploadFiles;
  region: string;
  maxObjectBytes: number;
}

/** Carries out one operation, after checking that the key that signed it may. */
export async function dispatch(store: Store, operation: Operation, exchange: Exchange): Promise<void> {
  const { buckets, objects, uploads, region } = store;
  const name = exchange.target.bucket ?? '';
  const key = exchange.target.key ?? '';
  authorise(exchange, operation, name);
  switch (operation) {
    case 'ListBuckets':
      return listBuckets(exchange, buckets);
    case 'CreateBucket':
      return createBucket(exchange, buckets, name, region);
    case 'HeadBucket':
      return headBucket(exchange, buckets, name, region);
    case 'DeleteBucket':
      return deleteBucket(exchange, buckets, name);
    case 'GetBucketLocation':
      return getBucketLocation(exchange, buckets, name, region);
    case 'GetBucketVersioning':
      return getBucketVersioning(exchange, buckets, name);
    case 'ListObjects':
      return listObjectsV1(exchange, buckets.get(name), objects);
    case 'ListObjectsV2':
      return listObjectsV2(exchange, buckets.get(name), objects);
    case 'GetObject':
    case 'HeadObject':
      return getObject(exchange, buckets.get(name), key, objects);
    case 'PutObject':
      return putObject(exchange, buckets.get(name), key, objects, store.maxObjectBytes);
    case 'DeleteObject':
      return deleteObject(exchange, buckets.get(name), key, objects);
    case 'CopyObject':
      return copyObject(exchange, buckets.get(name), key, sourceOf(store, exchange), objects);
    case 'CreateMultipartUpload':
      return createUpload(exchange, buckets.get(name), key, uploads);
    case 'UploadPart':
      return uploadPart(exchange, buckets.get(name), key, uploads, store.maxObjectBytes);
    case 'UploadPartCopy':
      return uploadPartCopy(exchange, buckets.get(name), key, sourceOf(store, exchange), objects, uploads);
    case 'CompleteMultipartUpload':
      return completeUpload(exchange, buckets.get(name), key, objects, uploads);
    case 'AbortMultipartUpload':
      return abortUpload(exchange, buckets.get(name), key, uploads);
    case 'ListParts':
      return listParts(exchange, buckets.get(name), key, uploads);
    case 'ListMultipartUploads':
      return listUploads(exchange, buckets.get(name), uploads);
    default:
      return operation satisfies never;
  }
}

/** What a copy is made of. @throws S3Error `NoSuchBucket`, `AccessDenied` */
function sourceOf({ buckets }: Store, exchange: Exchange): CopySource {
  const { bucket, key } = parseCopySource(exchange);
  authorise(exchange, 'GetObject', bucket);
  return { bucket: buckets.get(bucket), key };
}

function authorise(exchange: Exchange, operation: Operation, bucket: string): void {
  const { credential } = exchange.identity;
  if (credential.readOnly && isWrite(operation)) throw new S3Error('AccessDenied', 'this access key may only read');
  if (bucket !== '' && credential.buckets && !credential.buckets.includes(bucket)) {
    throw new S3Error('AccessDenied', 'this access key may not touch this bucket');
  }
}
