import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';
import type { ListedObject } from './object-store.js';

const answerSchema = z.object({
  ListBucketResult: z.object({
    IsTruncated: z.enum(['true', 'false']),
    Contents: z
      .array(z.object({ Key: z.string(), Size: z.string().regex(/^\d{1,15}$/), ETag: z.string().default('') }))
      .default([]),
  }),
});

/** Entities are there in spite of `encoding-type=url`: Ceph leaves an apostrophe to XML. */
const parser = new XMLParser({
  parseTagValue: false,
  ignoreAttributes: true,
  isArray: (name) => name === 'Contents',
});

/** Why an answer is no page of a listing. */
export class BadListingError extends Error {
  override name = 'BadListingError';
}

/**
 * Reads an answer to ListObjectsV2 with `encoding-type=url`.
 *
 * @param after every key must come after this one, and after the one before it
 * @throws BadListingError
 */
export function readListAnswer(text: string, after: string): { objects: ListedObject[]; more: boolean } {
  let document: unknown;
  try {
    document = parser.parse(text);
  } catch (error) {
    throw new BadListingError(`it is not XML (${(error as Error).message})`);
  }
  const answer = answerSchema.safeParse(document);
  if (!answer.success) throw new BadListingError('it is not a ListBucketResult');
  const { Contents, IsTruncated } = answer.data.ListBucketResult;
  let last = Buffer.from(after);
  const objects = Contents.map(({ Key, Size, ETag }) => {
    const key = decode(Key);
    const bytes = Buffer.from(key);
    if (Buffer.compare(bytes, last) <= 0) throw new BadListingError(`"${key}" is listed after "${last.toString()}"`);
    last = bytes;
    return { key, size: Number(Size), etag: ETag.replaceAll(/&(?:quot|#34|#x22);|"/gi, '') };
  });
  const more = IsTruncated === 'true';
  if (more && objects.length === 0) throw new BadListingError('it says that more follows, and lists nothing');
  return { objects, more };
}

/** Some stores write a space as "+", all write a plus as %2B. */
function decode(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    throw new BadListingError(`"${key}" is not percent-encoded`);
  }
}
