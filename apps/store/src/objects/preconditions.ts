import type { IncomingHttpHeaders } from 'node:http';
import { S3Error, notImplemented } from '../errors.js';
import type { ObjectPointer } from './pointer.js';

/** What a client requires before it reads. */
export type ReadOutcome = 'proceed' | 'not-modified';

/**
 * Applies If-Match, If-None-Match, If-Modified-Since and If-Unmodified-Since to a read, in the order of RFC 9110.
 * @throws S3Error `PreconditionFailed`
 */
export function checkRead(headers: IncomingHttpHeaders, pointer: ObjectPointer): ReadOutcome {
  const modified = wholeSeconds(Date.parse(pointer.modifiedAt));
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, pointer.etag)) throw new S3Error('PreconditionFailed', undefined, { Condition: 'If-Match' });
  } else {
    const limit = Date.parse(headers['if-unmodified-since'] ?? '');
    if (modified > limit) throw new S3Error('PreconditionFailed', undefined, { Condition: 'If-Unmodified-Since' });
  }
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, pointer.etag) ? 'not-modified' : 'proceed';
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return modified <= since ? 'not-modified' : 'proceed';
}

/** Whether a Range header counts: without If-Range always, else only while the object is the one it names. */
export function rangeApplies(headers: IncomingHttpHeaders, pointer: ObjectPointer): boolean {
  const ifRange = headers['if-range'];
  if (typeof ifRange !== 'string') return true;
  if (ifRange.includes('"')) return ifRange === `"${pointer.etag}"`;
  return wholeSeconds(Date.parse(pointer.modifiedAt)) === Date.parse(ifRange);
}

/** What a client requires of a key before it writes. */
export interface WritePreconditions {
  /** If-None-Match: * */
  mustNotExist: boolean;
  /** If-Match */
  ifMatch?: string | undefined;
}

/** Whether anything is required. */
export function isConditional({ mustNotExist, ifMatch }: WritePreconditions): boolean {
  return mustNotExist || ifMatch !== undefined;
}

/** @throws S3Error `NotImplemented` for If-None-Match with anything but "*" */
export function readWritePreconditions(headers: IncomingHttpHeaders): WritePreconditions {
  const ifNoneMatch = headers['if-none-match']?.trim();
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw notImplemented('If-None-Match other than * on PUT');
  return { mustNotExist: ifNoneMatch === '*', ifMatch: headers['if-match'] };
}

/** @throws S3Error `PreconditionFailed`, or `NoSuchKey` for If-Match on a key that does not exist */
export function assertMayWrite(preconditions: WritePreconditions, present: ObjectPointer | undefined): void {
  if (preconditions.mustNotExist && present) {
    throw new S3Error('PreconditionFailed', undefined, { Condition: 'If-None-Match' });
  }
  if (preconditions.ifMatch === undefined) return;
  if (!present) throw new S3Error('NoSuchKey');
  if (!matches(preconditions.ifMatch, present.etag)) {
    throw new S3Error('PreconditionFailed', undefined, { Condition: 'If-Match' });
  }
}

/** Some clients send ETags without their quotes; they are taken as meant. */
function matches(list: string, etag: string): boolean {
  return list
    .split(',')
    .map((item) => item.trim().replace(/^W\//, '').replaceAll('"', ''))
    .some((item) => item === '*' || item === etag);
}

/** HTTP dates have whole seconds. */
function wholeSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}
