import { QueryError } from '@muster/sequence/conditions/facts-syntax.js';
import { CharacterSet, type CodeRange } from './character-set.js';

/** Characters of a pattern, as for the evaluator. */
const MOST_CHARACTERS = 250;
const MOST_REPETITIONS = 100;
/** Characters and sets of characters of a pattern whose repetitions are written out: what Postgres makes states of. */
const MOST_PARTS = 500;
const MOST_GROUPS_INSIDE = 10;

const DIGIT: readonly CodeRange[] = [[0x30, 0x39]];
const WORD: readonly CodeRange[] = [...DIGIT, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
const SPACE: readonly CodeRange[] = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
];
const SETS: Readonly<Record<string, readonly CodeRange[]>> = { d: DIGIT, w: WORD, s: SPACE };
const CONTROLS: Readonly<Record<string, number>> = { n: 0x0a, t: 0x09, r: 0x0d, f: 0x0c };

/** A piece for Postgres, and of how many parts it is. */
interface Piece {
  readonly sql: string;
  readonly parts: number;
}

/**
 * Makes a pattern of RE2, whose language CEL uses, one of Postgres that fits the same texts. Only what both can say: characters, `.`, sets
 * (`[a-z]`, `[^0-9]`, `\d \w \s`), groups, `|`, `^`, `$`, repetitions, and `(?i)` at the beginning. It is read here and written anew, with every set
 * spelled out, because the same signs mean other things there: `.` and line ends, `\d` and digits of other scripts, `(?i)` and languages.
 * Without back references Postgres needs no way back, and the bounds keep its automaton small.
 *
 * @throws QueryError says what is wrong, and at which character of the pattern
 */
export function patternForPostgres(pattern: string): string {
  if (pattern.length > MOST_CHARACTERS) {
    throw new QueryError(`the pattern of "matches" has ${pattern.length} characters; ${MOST_CHARACTERS} are allowed`);
  }
  const { sql, parts } = new PatternReader(pattern).whole();
  if (parts > MOST_PARTS) {
    throw new QueryError(
      `the pattern of "matches" is of ${parts} characters with its repetitions written out; ${MOST_PARTS} are allowed`,
    );
  }
  return sql;
}

class PatternReader {
  private readonly characters: readonly string[];
  private at = 0;
  private readonly anyCase: boolean;
  private groups = 0;

  constructor(pattern: string) {
    this.characters = [...pattern];
    this.anyCase = pattern.startsWith('(?i)');
    if (this.anyCase) this.at = 4;
  }

  whole(): Piece {
    const piece = this.alternatives();
    if (this.at < this.characters.length) throw this.wrong('a ")" that closes nothing');
    return piece;
  }

  private alternatives(): Piece {
    const branches = [this.branch()];
    while (this.take('|')) branches.push(this.branch());
    return {
      sql: branches.map(({ sql }) => sql).join('|'),
      parts: branches.reduce((sum, { parts }) => sum + parts, 0),
    };
  }

  private branch(): Piece {
    let sql = '';
    let parts = 0;
    for (let next = this.peek(); next !== undefined && next !== '|' && next !== ')'; next = this.peek()) {
      const piece = this.repeated();
      sql += piece.sql;
      parts += piece.parts;
    }
    return { sql, parts };
  }

  private repeated(): Piece {
    const begin = this.at;
    const isAnchor = this.peek() === '^' || this.peek() === '$';
    const piece = this.atom();
    const repetition = this.repetition();
    if (repetition === undefined) return piece;
    if (isAnchor) throw this.wrong('a repetition of a place', begin);
    // Which of several ways is taken makes no difference to whether there is one.
    this.take('?');
    if (['*', '+', '?'].includes(this.peek() ?? '')) throw this.wrong('a repetition of a repetition');
    return { sql: piece.sql + repetition.sql, parts: piece.parts * repetition.parts + 1 };
  }

  /** A repetition that is written here, and how often it writes out what it repeats. */
  private repetition(): Piece | undefined {
    const sign = this.peek();
    if (sign === '*' || sign === '+' || sign === '?') {
      this.at += 1;
      return { sql: sign, parts: 1 };
    }
    if (sign !== '{') return undefined;
    const rest = this.characters.slice(this.at, this.at + 12).join('');
    const found = /^\{([0-9]{1,4})(,([0-9]{1,4})?)?\}/.exec(rest);
    if (!found) throw this.wrong('a "{" that begins no repetition: write \\{');
    const [text, from, comma, to] = found;
    const [least, most] = [Number(from), to === undefined ? Number(from) : Number(to)];
    if (most < least || Math.max(least, most) > MOST_REPETITIONS) {
      throw this.wrong(`a repetition that is none, or of more than ${MOST_REPETITIONS}`);
    }
    this.at += text.length;
    return { sql: text, parts: comma !== undefined && to === undefined ? least + 1 : most };
  }

  private atom(): Piece {
    const character = this.peek() ?? '';
    switch (character) {
      case '(':
        return this.group();
      case '[':
        return this.set();
      case '^':
      case '$':
        this.at += 1;
        return { sql: character, parts: 0 };
      case '.':
        this.at += 1;
        return { sql: new CharacterSet([[0x0a, 0x0a]]).written(true), parts: 1 };
      case '*':
      case '+':
      case '?':
      case '{':
        throw this.wrong('a repetition of nothing');
      case ']':
      case '}':
        throw this.wrong(`a "${character}" that closes nothing: write \\${character}`);
      case '\\':
        return this.escape();
      default:
        return this.written([this.literal()]);
    }
  }

  private group(): Piece {
    const begin = this.at;
    this.at += 1;
    if (this.peek() === '?') {
      if (this.characters[this.at + 1] !== ':')
        throw this.wrong('a "(?" other than "(?:", and "(?i)" at the beginning', begin);
      this.at += 2;
    }
    this.groups += 1;
    if (this.groups > MOST_GROUPS_INSIDE)
      throw this.wrong(`more than ${MOST_GROUPS_INSIDE} groups in each other`, begin);
    const { sql, parts } = this.alternatives();
    this.groups -= 1;
    if (!this.take(')')) throw this.wrong('a "(" without its ")"', begin);
    return { sql: `(?:${sql})`, parts };
  }

  private escape(): Piece {
    const letter = this.characters[this.at + 1] ?? '';
    const named = SETS[letter.toLowerCase()];
    if (!named) return this.written([this.escaped()]);
    this.at += 2;
    return this.written(named, letter !== letter.toLowerCase());
  }

  private set(): Piece {
    const begin = this.at;
    this.at += 1;
    const negated = this.take('^');
    const ranges: CodeRange[] = [];
    for (let first = true; !this.take(']'); first = false) {
      const next = this.peek();
      if (next === undefined) throw this.wrong('a "[" without its "]"', begin);
      if (next === '[') throw this.wrong('a "[" among other characters: write \\[');
      const named = next === '\\' ? SETS[this.characters[this.at + 1] ?? ''] : undefined;
      if (named) {
        this.at += 2;
        ranges.push(...named);
        if (this.peek() === '-' && this.characters[this.at + 1] !== ']')
          throw this.wrong('a range from a set: write \\-');
        continue;
      }
      if (next === '-' && !first && this.characters[this.at + 1] !== ']')
        throw this.wrong('a "-" among others: write \\-');
      ranges.push(this.range());
    }
    if (ranges.length === 0) throw this.wrong('a set without characters: write \\] for the bracket', begin);
    return this.written(ranges, negated);
  }

  private range(): CodeRange {
    const begin = this.at;
    const [from] = this.one();
    if (this.peek() !== '-' || this.characters[this.at + 1] === ']') return [from, from];
    this.at += 1;
    if ([undefined, '[', '-'].includes(this.peek())) throw this.wrong('a range without an end: write \\-');
    const [to] = this.one();
    if (to < from) throw this.wrong('a range that ends before it begins', begin);
    return [from, to];
  }

  private one(): CodeRange {
    return this.peek() === '\\' ? this.escaped() : this.literal();
  }

  /** `\.`, `\n`. */
  private escaped(): CodeRange {
    const letter = this.characters[this.at + 1];
    if (letter === undefined) throw this.wrong('a "\\" at the end');
    const control = CONTROLS[letter];
    if (control === undefined && !/^[!-/:-@[-`{-~]$/.test(letter)) throw this.wrong(`"\\${letter}"`);
    const begin = this.at;
    this.at += 1;
    if (control === undefined) return this.literal(begin);
    this.at += 1;
    return [control, control];
  }

  private literal(begin = this.at): CodeRange {
    const code = this.characters[this.at]?.codePointAt(0);
    if (code === undefined || code === 0) throw this.wrong('a character that no fact has', begin);
    this.at += 1;
    return [code, code];
  }

  private written(ranges: readonly CodeRange[], negated = false): Piece {
    if (this.anyCase && ranges.some(([, to]) => to > 0x7f)) {
      throw this.wrong('a character beyond ASCII behind (?i): languages do not agree on its other case', this.at - 1);
    }
    const set = new CharacterSet(ranges);
    return { sql: (this.anyCase ? set.inAnyCase() : set).written(negated), parts: 1 };
  }

  private peek(): string | undefined {
    return this.characters[this.at];
  }

  private take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at += 1;
    return true;
  }

  /** @param place index of a character of the pattern */
  private wrong(what: string, place = this.at): QueryError {
    return new QueryError(
      `the pattern of "matches" has ${what}, at its character ${place + 1}; that is not supported in rules of collections`,
    );
  }
}
