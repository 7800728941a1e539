import { explainRefusal, type Refusal } from './store-failure.js';

const ourTime = Date.UTC(2026, 0, 1, 12);
const asked = { place: 'http://store (bucket "b")', accessKeyId: 'KEY', region: 'us-east-1', key: 'k', ourTime };
const explain = (refusal: Partial<Refusal>, key: string | undefined = 'k') =>
  explainRefusal({ status: 403, storeTime: ourTime, ...refusal }, { ...asked, key });
const minutes = (count: number) => ({ storeTime: ourTime + count * 60_000 });

describe('what a refusal of a store means', () => {
  it.each([
    ['content.store-key-unknown', { code: 'InvalidAccessKeyId' }, 'does not know the access key "KEY"'],
    ['content.store-secret-wrong', { code: 'SignatureDoesNotMatch' }, 'by another secret'],
    ['content.store-no-permission', { code: 'AccessDenied', message: 'no' }, '403 AccessDenied: no'],
    ['content.store-no-permission', {}, '(403)'],
    ['content.store-no-permission', { status: 401 }, 'may not do this'],
    ['content.store-clock-skew', { code: 'RequestTimeTooSkewed', ...minutes(20) }, '20 minutes ahead of ours'],
    ['content.store-clock-skew', { code: 'RequestTimeTooSkewed', storeTime: undefined }, 'the clocks differ'],
    ['content.store-clock-skew', { code: 'AccessDenied', ...minutes(-20) }, '20 minutes behind ours'],
    ['content.store-clock-skew', { status: 400, code: undefined, ...minutes(90) }, '90 minutes ahead of ours'],
    ['content.store-secret-wrong', { code: 'SignatureDoesNotMatch', ...minutes(20) }, 'another secret'],
    ['content.store-no-permission', { code: 'AccessDenied', ...minutes(2) }, 'give it permission'],
    ['content.store-bucket-missing', { status: 404, code: 'NoSuchBucket' }, 'there is no bucket at http://store'],
    ['content.store-disk-full', { status: 507, code: 'InsufficientStorage' }, 'no space left'],
    ['content.store-disk-full', { code: 'QuotaExceeded' }, 'no space left'],
    ['content.store-object-changed', { status: 412, code: 'PreconditionFailed' }, 'not the object any more'],
    [
      'content.store-wrong-region',
      { status: 400, code: 'AuthorizationHeaderMalformed', region: 'eu-1' },
      'in region "eu-1", asked was "us-east-1"',
    ],
  ])('%s', (code, refusal, words) => {
    const error = explain(refusal);
    expect(error).toMatchObject({ kind: 'refused', code });
    expect(error.message).toContain(words);
    expect(error.message).toMatch(new RegExp(`\\(${code}\\)$`));
  });

  it('is a missing object only where an object was asked for, and nothing says that the bucket is missing', () => {
    expect(explain({ status: 404, code: 'NoSuchKey' })).toMatchObject({ kind: 'missing', code: undefined });
    expect(explain({ status: 404 })).toMatchObject({ kind: 'missing' });
    expect(
      explainRefusal({ status: 404 }, { place: '', accessKeyId: '', region: '', ourTime, key: undefined }),
    ).toMatchObject({ kind: 'refused', code: 'content.store-bucket-missing' });
  });

  it('is told in the store’s own words where there is nothing to add', () => {
    const error = explain({ status: 500, code: 'InternalError', message: 'the server failed' });
    expect(error).toMatchObject({ kind: 'refused', code: undefined });
    expect(error.message).toBe(
      'the store at http://store (bucket "b") answered 500 InternalError: the server failed for k',
    );
  });
});
