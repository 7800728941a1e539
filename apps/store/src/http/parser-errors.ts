import type { Duplex } from 'node:stream';
import { S3_ERRORS, type S3ErrorCode } from '../errors.js';
import { systemCode } from '../start-error.js';
import { renderXml } from '../xml.js';

const CODES: Readonly<Record<string, S3ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'RequestHeadersTooLarge',
  ERR_HTTP_REQUEST_TIMEOUT: 'RequestTimeout',
  HPE_INVALID_EOF_STATE: 'IncompleteBody',
};

/** Answers what the HTTP parser refused, where there is no request object yet (or no more), and closes the connection. */
export function answerParserError(error: Error, socket: Duplex): void {
  if (!socket.writable || systemCode(error) === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const code = CODES[systemCode(error) ?? ''] ?? 'InvalidRequest';
  const [status, message] = S3_ERRORS[code];
  const body = renderXml('Error', { Code: code, Message: message });
  const head = [
    `HTTP/1.1 ${status} ${code}`,
    'Content-Type: application/xml',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
