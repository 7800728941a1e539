import { S3Error } from '../errors.js';
import { toS3Error } from '../http/answer-error.js';
import { fromFailure, toFailure } from './messages.js';

/** As a channel between processes carries it. */
const carried = (error: unknown): Error => fromFailure(JSON.parse(JSON.stringify(toFailure(error))) as never);

describe('an error that crosses the border of a process', () => {
  it('is the same refusal, with all its details', () => {
    const refusal = new S3Error('PreconditionFailed', undefined, { Condition: 'If-Match' });
    const received = carried(refusal);
    expect(received).toBeInstanceOf(S3Error);
    expect({ ...received, message: received.message }).toEqual({ ...refusal, message: refusal.message });
  });

  it('is a full disk here when it was one there', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    expect(toS3Error(carried(full)).code).toBe('InsufficientStorage');
  });

  it('says to the log what happened and where, and to the client nothing', () => {
    const bug = new TypeError('it is not a function');
    const received = carried(bug);
    expect([received.message, received.stack]).toEqual([bug.message, bug.stack]);
    expect(toS3Error(received).code).toBe('InternalError');
  });
});
