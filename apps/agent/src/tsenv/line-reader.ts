const lineFeed = 0x0a;

/** Cuts a stream into lines and keeps no more than one line of it. */
export class LineReader {
  private partial: Buffer = Buffer.alloc(0);
  private skipping = false;

  constructor(private readonly maximumBytes: number) {}

  /** The lines that end in a chunk, without their ends; undefined for one that was too long and is not kept. */
  *take(chunk: Buffer): Generator<Buffer | undefined> {
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, from)) {
      const line = this.join(chunk.subarray(from, end));
      from = end + 1;
      const fits = !this.skipping && line.length < this.maximumBytes;
      this.skipping = false;
      this.partial = Buffer.alloc(0);
      yield fits ? line : undefined;
    }
    if (this.skipping) return;
    const rest = this.join(chunk.subarray(from));
    this.skipping = rest.length >= this.maximumBytes;
    // A copy: a slice would keep all of its chunk in memory.
    this.partial = this.skipping ? Buffer.alloc(0) : Buffer.from(rest);
  }

  /** What came after the last end of line; undefined for nothing. */
  end(): Buffer | undefined {
    return this.partial.length > 0 ? this.partial : undefined;
  }

  private join(piece: Buffer): Buffer {
    return this.partial.length === 0 || this.skipping ? piece : Buffer.concat([this.partial, piece]);
  }
}
