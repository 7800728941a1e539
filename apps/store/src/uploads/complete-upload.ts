import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { z } from 'zod';
import type { Bucket } from '../buckets/bucket-folders.js';
import { S3Error } from '../errors.js';
import { type Exchange, readSmallBody, sendXml } from '../http/exchange.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { ObjectPointer } from '../objects/pointer.js';
import { readWritePreconditions } from '../objects/preconditions.js';
import { type WantedPart, chooseParts } from './choose-parts.js';
import type { UploadFiles } from './upload-files.js';
import { compositeEtag, compositeSha256 } from './upload-records.js';
import { uploadIdOf } from './upload-requests.js';

/** 10,000 parts, each with a checksum and white space. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

const bodySchema = z.object({
  CompleteMultipartUpload: z.object({
    Part: z.array(
      z.object({
        PartNumber: z.string().regex(/^\d{1,5}$/),
        ETag: z.string(),
        ChecksumSHA256: z.string().optional(),
        ChecksumCRC32: z.string().optional(),
      }),
    ),
  }),
});

/**
 * `POST /bucket/key?uploadId=ID`: the object appears by writing a pointer that names the parts' blobs in order. A client that did not
 * get the answer may ask again.
 */
export async function completeUpload(
  exchange: Exchange,
  bucket: Bucket,
  key: string,
  objects: ObjectStore,
  uploads: UploadFiles,
): Promise<void> {
  const id = uploadIdOf(exchange);
  const preconditions = readWritePreconditions(exchange.request.headers);
  const wanted = parseParts(await readSmallBody(exchange, MAX_BODY_BYTES));
  const complete = () =>
    uploads.exclusively(bucket, key, id, async (upload) => {
      const chosen = chooseParts(await uploads.parts(bucket, id), wanted);
      await uploads.blobs.assertPresent(chosen.map(({ blob }) => blob));
      const pointer: ObjectPointer = {
        pointerVersion: 1,
        key,
        size: chosen.reduce((sum, { size }) => sum + size, 0),
        etag: compositeEtag(chosen),
        compositeSha256: compositeSha256(chosen),
        uploadId: id,
        modifiedAt: exchange.now.toISOString(),
        headers: upload.headers,
        metadata: upload.metadata,
        blobs: chosen.map(({ blob, size }) => ({ id: blob, size })),
      };
      assertAsStated(exchange, pointer);
      await objects.point(bucket, pointer, preconditions);
      await uploads.drop(bucket, id, new Set(chosen.map(({ blob }) => blob)));
      return pointer;
    });
  const pointer = await complete().catch(async (error: unknown) => {
    const done = await objects.find(bucket, key);
    if (error instanceof S3Error && error.code === 'NoSuchUpload' && done?.uploadId === id) return done;
    throw error;
  });
  sendXml(exchange, 'CompleteMultipartUploadResult', {
    Location: `/${bucket.name}/${key}`,
    Bucket: bucket.name,
    Key: key,
    ETag: `"${pointer.etag}"`,
    ChecksumSHA256: pointer.compositeSha256,
    ChecksumType: 'COMPOSITE',
  });
}

function assertAsStated(exchange: Exchange, pointer: ObjectPointer): void {
  const { headers } = exchange.request;
  const size = headers['x-amz-mp-object-size'];
  if (size !== undefined && size !== String(pointer.size)) {
    throw new S3Error('InvalidRequest', `x-amz-mp-object-size is ${size}, the parts have ${pointer.size} bytes`);
  }
  const sha256 = headers['x-amz-checksum-sha256'];
  const composite = pointer.compositeSha256 ?? '';
  if (sha256 !== undefined && sha256 !== composite && sha256 !== composite.split('-')[0]) {
    throw new S3Error('BadDigest', 'x-amz-checksum-sha256 is not the SHA-256 of the SHA-256s of the parts');
  }
}

function parseParts(body: string): WantedPart[] {
  if (XMLValidator.validate(body) !== true) throw new S3Error('MalformedXML');
  const parser = new XMLParser({ parseTagValue: false, processEntities: false, isArray: (name) => name === 'Part' });
  const parsed = bodySchema.safeParse(parser.parse(body));
  if (!parsed.success) throw new S3Error('MalformedXML', 'expected <CompleteMultipartUpload> with its <Part>s');
  return parsed.data.CompleteMultipartUpload.Part.map(({ PartNumber, ETag, ChecksumSHA256, ChecksumCRC32 }) => ({
    number: Number(PartNumber),
    // Quotes may be there, as they are or as any reference to them.
    etag: ETag.replaceAll(/&(?:quot|#34|#x22);|"/gi, ''),
    sha256: ChecksumSHA256,
    crc32: ChecksumCRC32,
  }));
}
