import { randomBytes } from 'node:crypto';

/** A UUID version 7 (RFC 9562): ordered by time of making, so that run folders sort by age. */
export function newRunId(nowMilliseconds = Date.now(), random: Uint8Array = randomBytes(10)): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(nowMilliseconds, 0, 6);
  bytes.set(random, 6);
  bytes[6] = 0x70 | (bytes.readUInt8(6) & 0x0f);
  bytes[8] = 0x80 | (bytes.readUInt8(8) & 0x3f);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
