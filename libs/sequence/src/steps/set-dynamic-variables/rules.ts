import { z } from 'zod';
import { VARIABLE_OPERATORS } from '../../conditions/model.js';
import { LIMITS } from '../../limits.js';
import { writableNameSchema } from '../../names.js';
import { readableNameSetting } from '../setting-rules.js';
import { variableValueSetting } from '../set-task-sequence-variable/definition.js';
import { textSetting } from '../setting-types.js';

/** What tells one computer from others: the longest is an asset tag (255). */
const identifier = textSetting(255);
const pattern = z.string().max(255);

const kinds = ['computer', 'location', 'makeModel', 'variable'] as const;

/** When an entry applies: exactly one kind of test. */
export const ruleTestSchema = z
  .strictObject({
    computer: z
      .strictObject({
        assetTag: identifier.optional(),
        uuid: identifier.optional(),
        serialNumber: identifier.optional(),
        macAddress: identifier.optional(),
      })
      .refine((fields) => Object.values(fields).some((value) => value !== undefined), {
        message: 'must be at least one of: assetTag, uuid, serialNumber, macAddress',
      })
      .optional()
      .meta({ description: 'any of these values is one of the computer; MAC addresses without regard to separators' }),
    location: z
      .strictObject({ defaultGateway: identifier })
      .optional()
      .meta({ description: 'one of the default gateways is this one' }),
    makeModel: z
      .strictObject({ make: pattern, model: pattern })
      .optional()
      .meta({ description: 'maker and model both match; * any text, ? one character' }),
    variable: readableNameSetting.optional().meta({ description: 'the variable, compared as in conditions' }),
    operator: z.enum(VARIABLE_OPERATORS).optional(),
    value: z.string().max(LIMITS.variableValueLength).optional(),
  })
  .superRefine((test, context) => {
    const given = kinds.filter((kind) => test[kind] !== undefined);
    const report = (path: string[], message: string, code?: string): void =>
      context.addIssue({ code: 'custom', path, message, params: code === undefined ? {} : { code } });
    if (given.length !== 1) report([], `must be exactly one of: ${kinds.join(', ')}`);
    else if (test.variable !== undefined && test.operator === undefined)
      report(['operator'], '"operator" is missing beside "variable"', 'sequence.missing-field');
    else if (test.variable === undefined && (test.operator !== undefined || test.value !== undefined))
      report([test.operator === undefined ? 'value' : 'operator'], 'belongs to "variable", which is not given');
  });

export const dynamicRuleSchema = z.strictObject({
  when: ruleTestSchema.optional().meta({ description: 'absent: always' }),
  set: z
    .array(
      z.strictObject({
        name: writableNameSchema,
        value: variableValueSetting,
        secret: z.boolean().optional().meta({ description: 'do not display this value' }),
      }),
    )
    .min(1)
    .max(1000),
});

export type RuleTest = z.infer<typeof ruleTestSchema>;
export type DynamicRule = z.infer<typeof dynamicRuleSchema>;
