import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { z } from 'zod';
import { S3Error } from '../errors.js';
import { type Exchange, readSmallBody, sendXml } from '../http/exchange.js';
import { readWritePreconditions } from '../objects/preconditions.js';
import type { Serving } from '../serving.js';
import type { WantedPart } from './choose-parts.js';
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
  bucket: string,
  key: string,
  { coordinator }: Serving,
): Promise<void> {
  const id = uploadIdOf(exchange);
  const { headers } = exchange.request;
  const preconditions = readWritePreconditions(headers);
  const wanted = parseParts(await readSmallBody(exchange, MAX_BODY_BYTES));
  const pointer = await coordinator.completeUpload(bucket, key, id, {
    wanted,
    preconditions,
    at: exchange.now.toISOString(),
    size: text(headers['x-amz-mp-object-size']),
    sha256: text(headers['x-amz-checksum-sha256']),
  });
  sendXml(exchange, 'CompleteMultipartUploadResult', {
    Location: `/${bucket}/${key}`,
    Bucket: bucket,
    Key: key,
    ETag: `"${pointer.etag}"`,
    ChecksumSHA256: pointer.compositeSha256,
    ChecksumType: 'COMPOSITE',
  });
}

function text(header: string | string[] | undefined): string | undefined {
  return header === undefined ? undefined : String(header);
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
