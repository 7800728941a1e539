import { clientAddress, trustedProxies } from './client-address.js';

const trusted = trustedProxies(['127.0.0.0/8', '::1/128', '10.0.0.0/24']);

describe('the address of a device', () => {
  it.each([
    ['192.0.2.7', undefined, '192.0.2.7', 'is that of the connection'],
    ['192.0.2.7', '10.1.0.1', '192.0.2.7', 'is not what a stranger writes into the header'],
    ['127.0.0.1', '192.0.2.7', '192.0.2.7', 'is what the edge says'],
    ['::ffff:127.0.0.1', '2001:db8::1', '2001:db8::1', 'may be IPv6'],
    ['127.0.0.1', '6.6.6.6, 192.0.2.7', '192.0.2.7', 'is the last one that no trusted proxy has'],
    ['127.0.0.1', '192.0.2.7, 10.0.0.9', '192.0.2.7', 'is found through several trusted proxies'],
    ['127.0.0.1', 'nonsense', '127.0.0.1', 'is not nonsense'],
    ['127.0.0.1', undefined, '127.0.0.1', 'is this computer when it asks itself'],
  ])('%s with %s: %s, it %s', (connection: string, forwarded: string | undefined, expected: string, _why: string) => {
    expect(clientAddress(connection, forwarded, trusted)).toBe(expected);
  });
});
