import type { IncomingHttpHeaders } from 'node:http';
import type { Metadata } from '@grpc/grpc-js';
import { IGNORE_LOCK } from '@muster/contracts/kinds/edit-lock.js';
import { MusterError } from '@muster/platform/errors.js';

/** Does a request say that it writes although somebody holds the edit lock? Throws MusterError `request.ignore-lock`. */
export function ignoresLock(headers: IncomingHttpHeaders): boolean {
  return isTrue(headers[IGNORE_LOCK]);
}

/** The same of a gRPC call. */
export function ignoresLockInGrpc(metadata: Metadata): boolean {
  return isTrue(metadata.get(IGNORE_LOCK)[0]);
}

function isTrue(value: unknown): boolean {
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw new MusterError('invalid', 'request.ignore-lock', `${IGNORE_LOCK} is true, or not there at all`);
}
