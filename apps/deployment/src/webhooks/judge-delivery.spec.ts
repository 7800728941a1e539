import { meaningOf } from './judge-delivery.js';

describe('an attempt to deliver', () => {
  it.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [301, 'refused'],
    [400, 'refused'],
    [401, 'refused'],
    [404, 'refused'],
    [500, 'refused'],
    [410, 'gone'],
    [429, 'unreachable'],
    [502, 'unreachable'],
    [503, 'unreachable'],
  ] as const)('that is answered %i was %s', (status, meaning) => {
    expect(meaningOf({ status })).toBe(meaning);
  });

  it('without an answer did not reach anybody', () => {
    expect(meaningOf({ error: 'ECONNREFUSED' })).toBe('unreachable');
  });
});
