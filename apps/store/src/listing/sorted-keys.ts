const CHUNK_LENGTH = 512;

/**
 * Orders keys by their UTF-8 bytes, as S3 lists them. JavaScript orders by UTF-16 units, which differs only where a
 * surrogate (U+10000 and above) meets U+E000 to U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return utf8Rank(x) - utf8Rank(y);
  }
  return a.length - b.length;
}

/** A sorted set of keys in chunks, so that adding one moves a few hundred entries and never a million. */
export class SortedKeys {
  private chunks: string[][] = [];
  private count = 0;

  /** Builds the set from keys in any order, without duplicates. */
  static from(keys: readonly string[]): SortedKeys {
    const sorted = new SortedKeys();
    const ordered = [...keys].sort(compareKeys);
    for (let i = 0; i < ordered.length; i += CHUNK_LENGTH) sorted.chunks.push(ordered.slice(i, i + CHUNK_LENGTH));
    sorted.count = ordered.length;
    return sorted;
  }

  get size(): number {
    return this.count;
  }

  has(key: string): boolean {
    const [chunk, index] = this.locate((candidate) => compareKeys(candidate, key) >= 0);
    return this.chunks[chunk]?.[index] === key;
  }

  /** Adds a key; an existing one stays single. */
  add(key: string): void {
    const [found, index] = this.locate((candidate) => compareKeys(candidate, key) >= 0);
    if (this.chunks[found]?.[index] === key) return;
    this.count += 1;
    // Past the end means: append to the last chunk.
    const atEnd = found === this.chunks.length;
    if (atEnd && found === 0) this.chunks.push([]);
    const position = atEnd ? this.chunks.length - 1 : found;
    const chunk = this.chunks[position] ?? [];
    chunk.splice(atEnd ? chunk.length : index, 0, key);
    if (chunk.length > CHUNK_LENGTH * 2) this.chunks.splice(position + 1, 0, chunk.splice(CHUNK_LENGTH));
  }

  delete(key: string): void {
    const [position, index] = this.locate((candidate) => compareKeys(candidate, key) >= 0);
    const chunk = this.chunks[position];
    if (chunk?.[index] !== key) return;
    this.count -= 1;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.chunks.splice(position, 1);
  }

  /**
   * Keys in order, beginning with the first for which `reached` holds.
   * @param reached once true for a key, true for every later one
   */
  *from(reached: (key: string) => boolean): Generator<string, void> {
    const [first, index] = this.locate(reached);
    for (let position = first; position < this.chunks.length; position += 1) {
      const chunk = this.chunks[position] ?? [];
      for (let i = position === first ? index : 0; i < chunk.length; i += 1) yield chunk[i] as string;
    }
  }

  /** Chunk and index of the first key for which `reached` holds; one past the last chunk when there is none. */
  private locate(reached: (key: string) => boolean): [chunk: number, index: number] {
    const position = firstIndex(this.chunks.length, (i) => reached(this.chunks[i]?.at(-1) as string));
    const chunk = this.chunks[position];
    return chunk ? [position, firstIndex(chunk.length, (i) => reached(chunk[i] as string))] : [position, 0];
  }
}

function firstIndex(length: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function utf8Rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}
