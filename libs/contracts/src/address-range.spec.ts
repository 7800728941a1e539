import { addressRangeSchema, plainAddress } from './address-range.js';

describe('a range of addresses', () => {
  it.each(['10.1.0.0/16', '0.0.0.0/0', '192.0.2.7/32', '2001:db8::/48', '::/0', '::1/128'])('may be %s', (range) => {
    expect(addressRangeSchema.safeParse(range).success).toBe(true);
  });

  it.each([
    '10.1.0.0',
    '10.1.0.0/33',
    '10.1.0/16',
    '2001:db8::/129',
    'fe80::1%eth0/64',
    '10.1.0.0/016',
    '/8',
    'berlin',
    '',
  ])('is not "%s", and what is right is said', (range) => {
    const { error } = addressRangeSchema.safeParse(range);
    expect(error?.issues[0]?.message).toContain('10.1.0.0/16');
  });
});

describe('an address', () => {
  it('is IPv4 when it is IPv4 in IPv6 clothes, and has no zone', () => {
    expect(plainAddress('::ffff:10.0.0.1')).toBe('10.0.0.1');
    expect(plainAddress('fe80::1%eth0')).toBe('fe80::1');
  });
});
