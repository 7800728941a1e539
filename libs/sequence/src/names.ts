import { z } from 'zod';
import { LIMITS } from './limits.js';

/** What is wrong with a variable name that an author, an administrator or a script wants to write. */
export interface NameProblem {
  readonly code: 'variable.read-only' | 'variable.invalid-name';
  readonly message: string;
}

const writableName = /^[A-Za-z][A-Za-z0-9_-]*$/;

/**
 * Checks a name that is about to be written (variables.md section 2).
 * Leading `_` belongs to the engine; user names start with a letter, then letters, digits, `_`, `-`.
 * Returns undefined when the name may be written.
 */
export function writableNameProblem(name: string): NameProblem | undefined {
  if (name.startsWith('_')) {
    return {
      code: 'variable.read-only',
      message: `the variable "${name}" is read-only: names that start with _ belong to the engine`,
    };
  }
  if (name.length > LIMITS.variableNameLength || !writableName.test(name)) {
    return {
      code: 'variable.invalid-name',
      message: `"${name.slice(0, 80)}" is no variable name: 1 to ${LIMITS.variableNameLength} letters, digits, _ or -, starting with a letter`,
    };
  }
  return undefined;
}

/** Schema of a name to write inside step settings; `%VAR%` inside is checked again once it is expanded. Blanks around it are dropped. */
export const writableNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(LIMITS.variableNameLength)
  .superRefine((name, context) => {
    const problem = name.includes('%') ? undefined : writableNameProblem(name);
    if (problem && name !== '')
      context.addIssue({ code: 'custom', message: problem.message, params: { code: problem.code } });
  });

/** Case-insensitive key of a variable name. */
export function nameKey(name: string): string {
  return name.toLowerCase();
}

/** Names whose values are secrets whoever sets them, and whether or not they say so (variables.md section 4). */
const secretNames: ReadonlySet<string> = new Set(
  [
    'OSDBitLockerPIN',
    'OSDCaptureAccountPassword',
    'OSDJoinPassword',
    'OSDLocalAdminPassword',
    'OSDMigrateLocalAccountPassword',
    'SMSConnectNetworkFolderPassword',
    'SMSTSRunCommandLineUserPassword',
    'SMSTSRunPowerShellUserPassword',
  ].map(nameKey),
);

/** Is a variable of this name always a secret? */
export function isSecretName(name: string): boolean {
  return secretNames.has(nameKey(name));
}
