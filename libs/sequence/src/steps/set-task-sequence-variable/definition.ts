import { z } from 'zod';
import { LIMITS } from '../../limits.js';
import { isSecretName, writableNameProblem, writableNameSchema } from '../../names.js';
import { valueProblem } from '../../variables.js';
import type { StepDefinition } from '../definition.js';

/** What a step writes into a variable; its length is checked again once `%NAME%` is replaced. */
export const variableValueSetting = z
  .string()
  .superRefine((value, context) => {
    const problem = valueProblem('value', value);
    if (problem !== undefined)
      context.addIssue({ code: 'custom', message: problem, params: { code: 'variable.value-too-long' } });
  })
  .meta({ description: 'empty deletes the variable', maxLength: LIMITS.variableValueLength });

export const setTaskSequenceVariableSettingsSchema = z.strictObject({
  name: writableNameSchema,
  value: variableValueSetting,
  secret: z.boolean().optional().meta({ description: 'do not display this value' }),
});

export type SetTaskSequenceVariableSettings = z.infer<typeof setTaskSequenceVariableSettingsSchema>;

/** Set Task Sequence Variable: pure, so the engine does it itself. A value made from a secret is a secret. */
export const setTaskSequenceVariable: StepDefinition<SetTaskSequenceVariableSettings> = {
  type: 'SetTaskSequenceVariable',
  category: 'General',
  title: 'Set Task Sequence Variable',
  help: 'Sets one variable for the rest of the run. %NAME% in the value is replaced now. An empty value deletes.',
  settingsSchema: setTaskSequenceVariableSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: true,
  markedSecrets: ({ name, secret }) => (secret === true || isSecretName(String(name).trim()) ? ['/value'] : []),
  execution: 'engine',
  run({ name, value, secret }, context) {
    const problem = writableNameProblem(name.trim());
    if (problem) return { error: problem };
    const tooLong = valueProblem(name, value);
    if (tooLong !== undefined) return { error: { code: 'variable.value-too-long', message: tooLong } };
    return { assignments: [{ name: name.trim(), value, ...(secret || context.secret ? { secret: true } : {}) }] };
  },
  references: () => [],
};
