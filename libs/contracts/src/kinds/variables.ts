import { LIMITS } from '@muster/sequence/limits.js';
import { isSecretName, nameKey, writableNameProblem } from '@muster/sequence/names.js';
import { z } from 'zod';
import { instantSchema } from '../resource.js';

/** Of one device (collections-variables, VAR-03); for collections the sources name no number, ours is the same. */
export const MOST_VARIABLES = 1000;

const variableNameSchema = z
  .string()
  .trim()
  .superRefine((name, context) => {
    const problem = writableNameProblem(name);
    if (problem) context.addIssue({ code: 'custom', message: problem.message, params: { code: problem.code } });
  });

/** One variable of a device or a collection. */
export const variableSchema = z
  .strictObject({
    name: variableNameSchema.describe(
      'Letters, digits, _ and -, a letter first; upper and lower case are the same. Blanks around it are dropped',
    ),
    value: z
      .string()
      .max(LIMITS.variableValueLength)
      .optional()
      .describe(
        'Of a hidden variable it is only ever sent: no answer has it, and without it the one that is kept stays',
      ),
    hidden: z.literal(true).optional().describe('The value is a secret: sealed at rest, never shown again'),
    setAt: instantSchema
      .optional()
      .describe('When the value of a hidden variable was given; the server says it, and ignores what is sent'),
  })
  .meta({ id: 'DeviceVariable' });

export type DeviceVariable = z.infer<typeof variableSchema>;

/** All variables of a device or a collection. */
export const variablesSchema = z
  .array(variableSchema)
  .max(MOST_VARIABLES)
  .superRefine((variables, context) => {
    const seen = new Set<string>();
    variables.forEach((variable, index) => {
      const problem = problemOf(variable, seen.has(nameKey(variable.name)));
      seen.add(nameKey(variable.name));
      if (!problem) return;
      const { code, field, message } = problem;
      context.addIssue({ code: 'custom', path: [index, field], message, params: { code } });
    });
  });

/** Strongest is 9. */
export const variablesPrioritySchema = z
  .number()
  .int()
  .min(1)
  .max(9)
  .describe(
    'Which collection wins where several have the same variable: 9 is strongest, default 1; equal: the first name',
  );

function problemOf(
  { name, value, hidden }: DeviceVariable,
  again: boolean,
): { code: string; field: string; message: string } | undefined {
  if (again) {
    const message = `there is a variable "${name}" already; upper and lower case are the same`;
    return { code: 'variable.duplicate', field: 'name', message };
  }
  if (!hidden && isSecretName(name)) {
    const message = `"${name}" holds a password: write hidden: true beside it`;
    return { code: 'variable.must-be-hidden', field: 'hidden', message };
  }
  if (!hidden && value === undefined) {
    const message = `the variable "${name}" has no value; an empty one is ""`;
    return { code: 'variable.value-missing', field: 'value', message };
  }
  if (hidden && value === '') {
    const message = `a hidden value is not empty; leave "${name}" away to delete it`;
    return { code: 'variable.value-missing', field: 'value', message };
  }
  return undefined;
}

/** The same list without what must not be kept or told: values of hidden variables. */
export function withoutHiddenValues(variables: readonly DeviceVariable[]): DeviceVariable[] {
  return variables.map(({ value, ...variable }) =>
    variable.hidden || value === undefined ? variable : { ...variable, value },
  );
}
