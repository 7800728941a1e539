import { judgeClaims, readAssertion, type AssertionClaims } from './assertion.js';

const now = new Date('2026-11-21T12:00:00Z');
const seconds = now.getTime() / 1000;

function claims(change: Partial<AssertionClaims> = {}): AssertionClaims {
  return {
    iss: '7b7e4c5e-0000-4000-8000-000000000001',
    aud: 'muster:S01',
    jti: 'a-unique-id',
    iat: seconds,
    exp: seconds + 60,
    ...change,
  };
}

describe('judgeClaims', () => {
  it.each([
    ['made right now', {}],
    ['by a clock that is a minute fast', { iat: seconds + 60, exp: seconds + 120 }],
    ['by a clock that is a minute slow', { iat: seconds - 180, exp: seconds - 60 }],
    ['of the longest life', { exp: seconds + 120 }],
  ])('accepts an assertion %s', (_what, change) => {
    expect(() => judgeClaims(claims(change), 'S01', now)).not.toThrow();
  });

  it.each([
    ['session.wrong-audience', { aud: 'muster:S02' }],
    ['session.too-long', { exp: seconds + 121 }],
    ['session.too-long', { exp: seconds }],
    ['session.clock-skew', { iat: seconds + 61, exp: seconds + 100 }],
    ['session.clock-skew', { iat: seconds - 150, exp: seconds - 61 }],
    ['session.clock-skew', { iat: 1e15, exp: 1e15 + 60 }],
  ])('refuses with %s', (code, change) => {
    expect(() => judgeClaims(claims(change), 'S01', now)).toThrow(expect.objectContaining({ code }));
  });

  it('says both clocks and the tolerance when they differ too much', () => {
    expect(() => judgeClaims(claims({ iat: seconds + 3600, exp: seconds + 3660 }), 'S01', now)).toThrow(
      /from 2026-11-21T13:00:00.000Z .* here it is 2026-11-21T12:00:00.000Z, 3600 seconds off\. At most 60 are tolerated/,
    );
  });
});

it.each(['', 'x', 'a.b.c', 'eyJhbGciOiJFZERTQSJ9.e30.AA'])('refuses %j as an assertion', (text) => {
  expect(() => readAssertion(text)).toThrow(expect.objectContaining({ code: 'session.malformed-assertion' }));
});
