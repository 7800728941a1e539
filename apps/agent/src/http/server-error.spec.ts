import { backoffSeconds } from './backoff.js';
import { refused, retryAfterSeconds } from './server-error.js';
import { parseServerUrl, withoutQuery } from './transport.js';

describe('Retry-After', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  it.each([
    ['7', 7],
    ['0', 0],
    ['Sat, 21 Nov 2026 12:00:09 GMT', 9],
    ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
    ['999999', 300],
    ['soon', undefined],
    [undefined, undefined],
  ])('%j is %j seconds', (header, expected) => {
    expect(retryAfterSeconds(header, now)).toBe(expected);
  });
});

describe('a refusal', () => {
  it("carries the problem's code and detail on one line", () => {
    const problem = {
      type: 'about:blank',
      title: 'No',
      status: 401,
      code: 'enrolment.used-token',
      detail: 'was\nused',
    };
    const error = refused('POST /x', 401, JSON.stringify(problem), undefined);
    expect([error.code, error.message]).toEqual(['enrolment.used-token', 'POST /x: the site answered 401: was used']);
    expect(error.retryable).toBe(false);
  });

  it('has a code of its own for what is no problem document', () => {
    const error = refused('GET /x', 503, '<html>', '2');
    expect([error.code, error.retryAfterSeconds, error.retryable]).toEqual(['server.refused', 2, true]);
  });
});

describe('backoff', () => {
  it('doubles up to its limit, within a quarter more or less', () => {
    expect([1, 2, 3, 9].map((attempt) => backoffSeconds(attempt, 0.5, 30, 0.5))).toEqual([0.5, 1, 2, 30]);
    expect([backoffSeconds(1, 1, 8, 0), backoffSeconds(1, 1, 8, 1)]).toEqual([0.75, 1.25]);
  });
});

describe('addresses', () => {
  it.each(['http://h:1/', 'http://h:1'])('of a site are normalised: %s', (text) => {
    expect(parseServerUrl(text)).toBe('http://h:1');
  });

  it.each(['', 'h:7700', 'ftp://h', 'http://u:secret@h', 'http://h?x=secret', 'file:///etc'])(
    'that are no site are refused without repeating a secret: %j',
    (text) => {
      const refusal = expect.objectContaining({ code: 'agent.server-invalid' });
      expect(() => parseServerUrl(text)).toThrow(refusal);
      expect(() => parseServerUrl(text)).not.toThrow(/secret/);
    },
  );

  it('are logged without signature', () => {
    expect(withoutQuery('http://u:p@dp/bucket/key?X-Amz-Signature=abc#x')).toBe('http://dp/bucket/key');
  });
});
