/** One thing that is wrong with a document. `path` is a JSON pointer (RFC 6901) into the resource. */
export interface Finding {
  readonly path: string;
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** What would be right. */
  readonly fix: string;
}

/** Appends one segment to a JSON pointer. */
export function pointer(base: string, segment: PropertyKey): string {
  return `${base}/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The candidate that looks most like a word, if any is close enough to be a typing mistake. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = word.slice(0, 100).toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    // Each letter that one has more is one mistake at least.
    if (Math.abs(wanted.length - other.length) >= bestDistance) continue;
    const distance = editDistance(wanted, other);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? [...candidates].find((candidate) => goesOn(wanted, candidate.toLowerCase()));
}

/** Is a word a candidate, with one typing mistake at most, and something behind it: `comandLine` for `command`? */
function goesOn(word: string, candidate: string): boolean {
  const { length } = candidate;
  if (length < 6 || word.length <= length) return false;
  // One mistake leaves the first letter, the second one, or one of them in the other's place.
  const begin = word.slice(0, 2);
  if (![candidate[0], candidate[1]].some((letter) => letter !== undefined && begin.includes(letter))) return false;
  return [length - 1, length, length + 1].some((end) => editDistance(word.slice(0, end), candidate) <= 1);
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** Length of a text in UTF-8 bytes. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code >= 0xd800 && code <= 0xdbff) {
      bytes += 2;
      index++;
    } else if (code > 0x7ff) bytes += 2;
    else if (code > 0x7f) bytes += 1;
  }
  return bytes;
}
