/**
 * Order of RPM package versions, `[epoch:]version[-release]`, as rpm's own `rpmvercmp`: runs of digits and of letters, the
 * rest only separates. `~` comes before everything, `^` after the same version but before anything longer.
 *
 * As in dependencies, a version without a release stands for each of its releases.
 */
export function compareRpmVersions(left: string, right: string): number {
  const a = split(left);
  const b = split(right);
  if (a.epoch !== b.epoch) return a.epoch < b.epoch ? -1 : 1;
  const order = compareRpmParts(a.version, b.version);
  if (order !== 0 || a.release === '' || b.release === '') return order;
  return compareRpmParts(a.release, b.release);
}

function split(version: string): { epoch: bigint; version: string; release: string } {
  const [, epoch, rest = ''] = /^(?:(\d+):)?(.*)$/s.exec(version.trim()) ?? [];
  const dash = rest.lastIndexOf('-');
  return {
    epoch: BigInt(epoch ?? 0),
    version: dash < 0 ? rest : rest.slice(0, dash),
    release: dash < 0 ? '' : rest.slice(dash + 1),
  };
}

/** `rpmvercmp` of one part. */
export function compareRpmParts(left: string, right: string): number {
  let a = left;
  let b = right;
  while (a !== '' || b !== '') {
    a = a.replace(/^[^A-Za-z0-9~^]+/, '');
    b = b.replace(/^[^A-Za-z0-9~^]+/, '');
    const special = compareSpecial(a, b);
    if (special !== 'none') {
      if (special !== 'both') return special;
      a = a.slice(1);
      b = b.slice(1);
      continue;
    }
    if (a === '' || b === '') break;
    const pattern = /^\d/.test(a) ? /^\d+/ : /^[A-Za-z]+/;
    const x = pattern.exec(a)?.[0] ?? '';
    const y = pattern.exec(b)?.[0] ?? '';
    // A number is newer than letters.
    if (y === '') return /^\d/.test(x) ? 1 : -1;
    const order = /^\d/.test(x) ? compareNumbers(x, y) : compareLetters(x, y);
    if (order !== 0) return order;
    a = a.slice(x.length);
    b = b.slice(y.length);
  }
  return a === b ? 0 : a === '' ? -1 : 1;
}

/** `~` and `^` at the front; `both` is to be skipped on both sides. */
function compareSpecial(a: string, b: string): -1 | 1 | 'both' | 'none' {
  if (a.startsWith('~') || b.startsWith('~')) {
    if (!a.startsWith('~')) return 1;
    return b.startsWith('~') ? 'both' : -1;
  }
  if (a.startsWith('^') || b.startsWith('^')) {
    if (a === '') return -1;
    if (b === '') return 1;
    if (!a.startsWith('^')) return 1;
    return b.startsWith('^') ? 'both' : -1;
  }
  return 'none';
}

function compareNumbers(x: string, y: string): -1 | 0 | 1 {
  const a = BigInt(x);
  const b = BigInt(y);
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareLetters(x: string, y: string): -1 | 0 | 1 {
  return x < y ? -1 : x > y ? 1 : 0;
}
