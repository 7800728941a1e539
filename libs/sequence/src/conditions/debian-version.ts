/**
 * Order of Debian package versions (Debian policy, "The syntax of version fields"): `[epoch:]upstream[-revision]`, each part
 * as runs of text and of digits. `~` comes before everything, even the end; letters come before other characters.
 */
export function compareDebianVersions(left: string, right: string): number {
  const a = split(left);
  const b = split(right);
  if (a.epoch !== b.epoch) return a.epoch < b.epoch ? -1 : 1;
  return comparePart(a.upstream, b.upstream) || comparePart(a.revision, b.revision);
}

function split(version: string): { epoch: bigint; upstream: string; revision: string } {
  const [, epoch, rest = ''] = /^(?:(\d+):)?(.*)$/s.exec(version.trim()) ?? [];
  const dash = rest.lastIndexOf('-');
  return {
    epoch: BigInt(epoch ?? 0),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  };
}

function comparePart(left: string, right: string): number {
  const a = { text: left, at: 0 };
  const b = { text: right, at: 0 };
  while (a.at < a.text.length || b.at < b.text.length) {
    const order = compareText(a, b) || compareNumber(a, b);
    if (order !== 0) return Math.sign(order);
  }
  return 0;
}

interface Cursor {
  readonly text: string;
  at: number;
}

const isDigit = (character: string | undefined): boolean => character !== undefined && /\d/.test(character);

/** Runs that are not digits, character by character. */
function compareText(a: Cursor, b: Cursor): number {
  const inText = (cursor: Cursor): boolean => cursor.at < cursor.text.length && !isDigit(cursor.text[cursor.at]);
  while (inText(a) || inText(b)) {
    const order = weight(a) - weight(b);
    if (order !== 0) return order;
    a.at++;
    b.at++;
  }
  return 0;
}

/** The end and a digit weigh 0. */
function weight({ text, at }: Cursor): number {
  const character = text[at];
  if (character === undefined || isDigit(character)) return 0;
  if (character === '~') return -1;
  return character.charCodeAt(0) + (/[A-Za-z]/.test(character) ? 0 : 256);
}

function compareNumber(a: Cursor, b: Cursor): number {
  const x = BigInt(takeDigits(a));
  const y = BigInt(takeDigits(b));
  return x < y ? -1 : x > y ? 1 : 0;
}

function takeDigits(cursor: Cursor): string {
  const start = cursor.at;
  while (isDigit(cursor.text[cursor.at])) cursor.at++;
  return cursor.text.slice(start, cursor.at) || '0';
}
