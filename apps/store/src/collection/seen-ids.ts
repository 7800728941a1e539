const BITS_PER_ID = 16;
const PROBES = 4;

/**
 * A set of blob ids in 2 bytes each. It never forgets one; about one in 400 that is not in it seems to be, another one in every set,
 * so that an orphan that is overlooked today is found tomorrow.
 */
export class SeenIds {
  private readonly bits: Uint8Array;
  private readonly count: number;

  /** @param seed any 32-bit number, another one each time */
  constructor(
    expected: number,
    private readonly seed: number,
  ) {
    this.count = Math.min(Math.max(expected * BITS_PER_ID, 1024), 2 ** 32);
    this.bits = new Uint8Array(Math.ceil(this.count / 8));
  }

  add(id: string): void {
    for (let probe = 0; probe < PROBES; probe += 1) {
      const bit = this.place(id, probe);
      this.bits[Math.floor(bit / 8)]! |= 1 << (bit % 8);
    }
  }

  has(id: string): boolean {
    for (let probe = 0; probe < PROBES; probe += 1) {
      const bit = this.place(id, probe);
      if ((this.bits[Math.floor(bit / 8)]! & (1 << (bit % 8))) === 0) return false;
    }
    return true;
  }

  /** Ids are random hex digits; eight of them are one probe, mixed with the seed. */
  private place(id: string, probe: number): number {
    let mixed = Number.parseInt(id.slice(probe * 8, probe * 8 + 8), 16) ^ this.seed;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0x45d9f3b);
    return ((mixed ^ (mixed >>> 16)) >>> 0) % this.count;
  }
}
