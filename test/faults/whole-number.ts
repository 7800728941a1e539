/** A whole number from the command line; ends the program with 2 when the text is none. */
export function wholeNumber(text: string | undefined, fallback: number, name: string): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  process.stderr.write(`--${name} must be a whole number, not "${text}"\n`);
  process.exit(2);
}
