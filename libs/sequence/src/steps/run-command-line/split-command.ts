/** A command line that cannot be split: its quote is never closed, or it holds no word. */
export class CommandSplitError extends Error {
  override readonly name = 'CommandSplitError';
}

/**
 * Splits a command line into words without any shell. The first word is the program.
 *
 * @throws CommandSplitError also when there is no program
 */
export function splitCommand(line: string): string[] {
  const words = splitWords(line);
  if (words.length === 0 || words[0] === '') throw new CommandSplitError('the command line holds no program');
  return words;
}

/**
 * Splits a text into words without any shell; a blank text has none.
 *
 * - words are separated by spaces, tabs or line breaks;
 * - inside '…' everything is literal; inside "…" only `\"` is an escape;
 * - outside quotes a backslash escapes a following quote or blank, before anything else it is an ordinary
 *   character, so that Windows paths survive;
 * - `""` is an empty word; no wildcards, no `$`, no pipes, no redirection: those need `shell: true`.
 *
 * Splitting happens before `%NAME%` is expanded: a value with blanks or quotes stays one word.
 *
 * @throws CommandSplitError
 */
export function splitWords(line: string): string[] {
  if (!/["'\\]/.test(line)) return line.split(/\s+/).filter((part) => part !== '');
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let index = 0; index < line.length; index++) {
    const character = line.charAt(index);
    const next = line.charAt(index + 1);
    if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else if (quote === '"' && character === '\\' && next === '"') word = (word ?? '') + line.charAt(++index);
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (character === '\\' && next !== '' && /["'\s]/.test(next)) {
      word = (word ?? '') + line.charAt(++index);
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== undefined) throw new CommandSplitError(`the quote ${quote} is never closed`);
  if (word !== undefined) words.push(word);
  return words;
}
