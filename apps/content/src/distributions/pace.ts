import { setTimeout as delay } from 'node:timers/promises';

/**
 * Holds a stream of bytes to a rate. The rate may change while bytes flow; what was too fast is made up for by waiting,
 * and an idle second earns nothing.
 */
export class Pace {
  /** When the next byte may pass, in milliseconds. */
  private freeAt = 0;

  /** @param bytesPerSecond undefined: no limit */
  constructor(
    private bytesPerSecond: number | undefined,
    private readonly now: () => number = () => performance.now(),
    private readonly wait: (milliseconds: number, signal?: AbortSignal) => Promise<unknown> = (milliseconds, signal) =>
      delay(milliseconds, undefined, { signal }),
  ) {}

  setRate(bytesPerSecond: number | undefined): void {
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Waits until these bytes may pass. @throws the signal's reason */
  async pass(bytes: number, signal?: AbortSignal): Promise<void> {
    if (this.bytesPerSecond === undefined) return;
    const now = this.now();
    const at = Math.max(now, this.freeAt);
    this.freeAt = at + (bytes / this.bytesPerSecond) * 1000;
    if (at <= now) return;
    await this.wait(at - now, signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  }
}

/** The same bytes, no faster than the pace. */
export async function* paced(
  source: AsyncIterable<Uint8Array>,
  pace: Pace,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    await pace.pass(piece.length, signal);
    yield piece;
  }
}
