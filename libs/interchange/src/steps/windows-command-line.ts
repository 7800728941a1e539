import { textOf } from './fields.js';
import type { Field } from './mapping.js';
import { CommandSplitError, splitCommand, splitWords } from '@muster/sequence/steps/run-command-line/split-command.js';

/**
 * Splits a command line as Windows programs do: only `"` quotes, backslashes count before a `"` alone, `""` inside quotes is one
 * `"`, and a quote that is never closed ends with the line. Never throws.
 */
export function splitWindowsCommand(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let inWord = false;
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (character === '\\') {
      let slashes = 1;
      while (line[at + 1] === '\\') {
        slashes++;
        at++;
      }
      const beforeQuote = line[at + 1] === '"';
      word += '\\'.repeat(beforeQuote ? slashes >> 1 : slashes);
      inWord = true;
      if (beforeQuote && slashes % 2 === 1) {
        word += '"';
        at++;
      }
    } else if (character === '"') {
      inWord = true;
      if (quoted && line[at + 1] === '"') {
        word += '"';
        at++;
      } else quoted = !quoted;
    } else if (!quoted && /\s/.test(character)) {
      if (inWord) words.push(word);
      word = '';
      inWord = false;
    } else {
      word += character;
      inWord = true;
    }
  }
  if (inWord) words.push(word);
  return words;
}

/**
 * A command line of Windows as settings of ours: the line itself where both sides split it alike, else its words. So the program
 * gets the arguments that its author meant.
 */
export function commandSettings(line: string): { command: string; arguments?: string[] } {
  const [program = '', ...words] = splitWindowsCommand(line);
  try {
    if (same(splitCommand(line), [program, ...words])) return { command: line };
  } catch (error) {
    if (!(error instanceof CommandSplitError)) throw error;
  }
  return { command: program, arguments: words };
}

/** Arguments of a script in the same way: one text, or its words. PowerShell also quotes with `'`. */
export function argumentSettings(line: string): string | string[] {
  const words = splitWindowsCommand(line);
  try {
    const own = splitWords(line);
    // Single quotes are quotes to PowerShell and to us, not to Windows.
    if (same(own, words) || (/'/.test(line) && !/\\/.test(line))) return line;
  } catch (error) {
    if (!(error instanceof CommandSplitError)) throw error;
  }
  return words;
}

/** The arguments of a script as a property. */
export const argumentsField: Field = {
  setting: 'arguments',
  read: (value, draft) => draft.set('arguments', argumentSettings(value)),
  write: (value) => (Array.isArray(value) ? joinWindowsCommand(value as string[]) : textOf(value)),
};

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index]);
}

/** Words as one command line that Windows programs split into them again. */
export function joinWindowsCommand(words: readonly string[]): string {
  return words.map(quoted).join(' ');
}

function quoted(word: string): string {
  if (word !== '' && !/[\s"]/.test(word)) return word;
  // Backslashes count before a quote alone: there each is two.
  return `"${word.replace(/(\\*)("|$)/g, (_, slashes: string, end: string) => `${slashes}${slashes}${end === '"' ? '\\"' : ''}`)}"`;
}
