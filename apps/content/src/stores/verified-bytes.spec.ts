import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import type { ExpectedBytes } from './object-store.js';
import { verifiedBytes, verifyBytes, WrongBytesError } from './verified-bytes.js';

const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 10 });

describe('verified bytes', () => {
  it('are passed on whole when they are right, however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, async (cut) => {
        const whole = Buffer.concat(cut);
        const passed: Uint8Array[] = [];
        let counted = 0;
        for await (const piece of verifiedBytes(source(cut), expectedOf(whole), (count) => (counted += count))) {
          passed.push(piece);
        }
        expect(Buffer.concat(passed).equals(whole)).toBe(true);
        expect(counted).toBe(whole.length);
      }),
    );
  });

  it('are never passed on whole when one bit is wrong', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, fc.nat(), async (cut, where) => {
        const whole = Buffer.concat(cut);
        fc.pre(whole.length > 0);
        const expected = expectedOf(whole);
        const bit = where % (whole.length * 8);
        let offset = bit >> 3;
        const damaged = cut.map((piece) => Uint8Array.from(piece));
        for (const piece of damaged) {
          if (offset < piece.length) {
            piece[offset]! ^= 1 << (bit & 7);
            break;
          }
          offset -= piece.length;
        }
        let passed = 0;
        await expect(
          (async () => {
            for await (const piece of verifiedBytes(source(damaged), expected)) passed += piece.length;
          })(),
        ).rejects.toBeInstanceOf(WrongBytesError);
        expect(passed).toBeLessThan(whole.length);
      }),
    );
  });

  it('are refused when there are too few or too many', async () => {
    const whole = Buffer.from('12345');
    const few = verifyBytes(source([whole.subarray(0, 4)]), expectedOf(whole));
    await expect(few).rejects.toMatchObject({ found: expect.stringContaining('4 bytes') });
    const many = verifyBytes(source([whole, Buffer.from('6')]), expectedOf(whole));
    await expect(many).rejects.toMatchObject({ found: 'more than 5 bytes' });
  });
});

function expectedOf(bytes: Uint8Array): ExpectedBytes {
  return { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, size: bytes.length };
}

async function* source(cut: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* cut;
}
