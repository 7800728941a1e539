import type { DeviceVariable } from '@muster/contracts/kinds/variables.js';
import { nameKey } from '@muster/sequence/names.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';

/** One variable as a user wants it. */
export interface WantedVariable {
  readonly name: string;
  readonly value: string;
  readonly hidden: boolean;
}

/**
 * The list with these variables in it; the others stay as they are, hidden ones without a value.
 *
 * @throws CliError `cli.variable-hidden` when a hidden one would be shown from now on without anybody having said so
 */
export function withVariables(
  variables: readonly DeviceVariable[],
  wanted: readonly WantedVariable[],
): DeviceVariable[] {
  const result = [...variables];
  for (const { name, value, hidden } of wanted) {
    const index = result.findIndex((one) => nameKey(one.name) === nameKey(name));
    const before = result[index];
    if (before?.hidden && !hidden) {
      throw new CliError(
        'cli.variable-hidden',
        `"${before.name}" is hidden: add --hidden, or unset it first if everybody may see it from now on`,
        EXIT_CODES.usage,
      );
    }
    const variable: DeviceVariable = hidden ? { name, value, hidden: true } : { name, value };
    if (before) result[index] = variable;
    else result.push(variable);
  }
  return result;
}

/** The list without these. Throws CliError `cli.no-such-variable`. */
export function withoutVariables(variables: readonly DeviceVariable[], names: readonly string[]): DeviceVariable[] {
  const gone = new Set(names.map(nameKey));
  for (const name of names) {
    if (variables.some((one) => nameKey(one.name) === nameKey(name))) continue;
    throw new CliError('cli.no-such-variable', `there is no variable "${name}" there`, EXIT_CODES.notFound);
  }
  return variables.filter(({ name }) => !gone.has(nameKey(name)));
}
