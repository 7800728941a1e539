/** One member of a dynamic list: the variable and its value, which is never empty. */
export interface ListMember {
  readonly variable: string;
  readonly value: string;
}

/** Digits of the number behind the base name (variables.md section 6). */
export const LIST_DIGITS = { packages: 3, applications: 2 } as const;

/**
 * The members of a dynamic list in order: `<base>001`, `<base>002`, … The first number that is missing ends the list, whatever
 * comes behind it; so does the last number of that many digits.
 *
 * @param read a variable's value, undefined when it does not exist
 */
export function readDynamicList(
  base: string,
  digits: number,
  read: (name: string) => string | undefined,
): ListMember[] {
  const members: ListMember[] = [];
  for (let index = 1; index < 10 ** digits; index++) {
    const variable = `${base}${String(index).padStart(digits, '0')}`;
    const value = read(variable);
    if (value === undefined || value === '') break;
    members.push({ variable, value });
  }
  return members;
}

/** Takes `PACKAGE:Program` apart at the first colon; undefined when one half is missing. Case and blanks are kept. */
export function parsePackageProgram(text: string): { package: string; program: string } | undefined {
  const colon = text.indexOf(':');
  const halves = { package: text.slice(0, colon), program: text.slice(colon + 1) };
  return colon > 0 && halves.program !== '' ? halves : undefined;
}
