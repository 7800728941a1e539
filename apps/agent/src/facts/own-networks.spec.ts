import type { NetworkInterfaceInfo } from 'node:os';
import { isOnInternet, parseIntranet } from './own-networks.js';

const card = (...addresses: string[]): NodeJS.Dict<NetworkInterfaceInfo[]> => ({
  lo: [{ address: '127.0.0.1', internal: true } as NetworkInterfaceInfo],
  eth0: addresses.map((address) => ({ address, internal: false }) as NetworkInterfaceInfo),
});
const on = (intranet: string, ...addresses: string[]): boolean =>
  isOnInternet(parseIntranet(intranet), card(...addresses));

describe('a computer', () => {
  it('is on the Internet when none of its addresses is in a network of the organisation', () => {
    expect(on('10.0.0.0/8, 2001:db8::/32', '10.1.2.3')).toBe(false);
    expect(on('10.0.0.0/8,2001:db8::/32', '192.168.1.7', 'fe80::1')).toBe(true);
    expect(on('10.0.0.0/8,2001:db8::/32', '192.168.1.7', '2001:db8:1::7')).toBe(false);
    expect(on('10.0.0.0/8', '192.168.1.7', '10.8.0.2')).toBe(false);
  });

  it('is there always where no network is the organisation’s, and not without any network', () => {
    expect(on('none', '10.1.2.3')).toBe(true);
    expect(on('none', '169.254.7.7')).toBe(false);
    expect(on('10.0.0.0/8')).toBe(false);
  });

  it('is not judged by networks that are none', () => {
    expect(() => parseIntranet('10.0.0.0/8,10.1')).toThrow('"10.1": a range is an address');
    expect(() => parseIntranet('none,10.0.0.0/8')).toThrow('"none"');
    expect(() => parseIntranet('')).toThrow('""');
  });
});
