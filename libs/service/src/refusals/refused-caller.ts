import type { Category } from '@muster/contracts/problem.js';
import { MusterError } from '@muster/platform/errors.js';

/** A refusal of somebody who is known, though nothing is proven that would let them in. Who it is is for the audit record, not for the answer. */
export class RefusedCaller extends MusterError {
  /**
   * @param caller name of an API token, or `device:UID`; undefined: nobody is known by what was shown
   * @param secret what was shown was good once
   */
  constructor(
    category: Category,
    code: string,
    message: string,
    readonly caller: string | undefined,
    readonly secret?: 'revoked' | 'expired',
  ) {
    super(category, code, message);
  }
}
