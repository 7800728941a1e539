import { MusterError } from '@muster/platform/errors.js';
import type { StoreError } from '../stores/object-store.js';

/** What whoever needed the library is told when its store did not do what it was asked. */
export function libraryUnavailable(error: StoreError): MusterError {
  return new MusterError(
    'unavailable',
    'content.library-unavailable',
    `The library cannot be asked right now: ${error.message}. Try again later; nothing is lost`,
    { cause: error },
  );
}
