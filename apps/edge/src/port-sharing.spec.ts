import { protocolOf } from './port-sharing.js';

describe('first bytes of a connection', () => {
  it.each([
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'http2'],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0', 'http2'],
    ['GET / HTTP/1.1\r\n', 'http1'],
    ['PUT /', 'http1'],
    ['PRINT', 'http1'],
    ['P', 'undecided'],
    ['PRI * HTTP/2.0\r\n', 'undecided'],
  ])('%j means %s', (bytes, protocol) => {
    expect(protocolOf(Buffer.from(bytes))).toBe(protocol);
  });
});
