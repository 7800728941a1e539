/** Bytes of an object, both inclusive. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Reads a Range header for an object of `size` bytes.
 * @returns the range, `'whole'` when the header is to be ignored (absent, another unit, several ranges, malformed: so
 *   RFC 9110 wants it), or `'unsatisfiable'` when it lies outside the object
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'whole' | 'unsatisfiable' {
  const parts = /^bytes=(\d{0,16})-(\d{0,16})$/.exec(header?.replaceAll(' ', '') ?? '');
  if (!parts || (parts[1] === '' && parts[2] === '')) return 'whole';
  if (parts[1] === '') {
    const length = Number(parts[2]);
    return length === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(size - length, 0), end: size - 1 };
  }
  const start = Number(parts[1]);
  const last = parts[2] === '' ? Number.MAX_SAFE_INTEGER : Number(parts[2]);
  if (last < start) return 'whole';
  return start >= size ? 'unsatisfiable' : { start, end: Math.min(last, size - 1) };
}
