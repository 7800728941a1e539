import { z } from 'zod';
import { isSecretName } from '../../names.js';
import type { StepDefinition } from '../definition.js';
import { dynamicRuleSchema } from './rules.js';

export const setDynamicVariablesSettingsSchema = z.strictObject({
  rules: z.array(dynamicRuleSchema).max(1000).optional().meta({
    description: 'applied in order, each that holds; later ones override earlier ones',
  }),
});

export type SetDynamicVariablesSettings = z.infer<typeof setDynamicVariablesSettingsSchema>;

/** Set Dynamic Variables: facts of the computer become variables, then rules set more. */
export const setDynamicVariables: StepDefinition<SetDynamicVariablesSettings> = {
  type: 'SetDynamicVariables',
  category: 'General',
  title: 'Set Dynamic Variables',
  help: [
    'Finds out _SMSTSMake, _SMSTSModel, _SMSTSSerialNumber, _SMSTSAssetTag, _SMSTSUUID, _SMSTSMacAddresses, _SMSTSIPAddresses and _SMSTSDefaultGateways (lists with commas), then applies the rules in order.',
    'A rule without `when` always applies. `computer` holds when any of its values fits, `makeModel` when maker and model both do (* and ?), `location` when the default gateway is the given one, `variable` compares as conditions do.',
    '%NAME% in a value is replaced when its rule is reached, so it sees what the rules before it have set.',
  ].join(' '),
  settingsSchema: setDynamicVariablesSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: true,
  unexpandedSettings: ['rules'],
  markedSecrets: (settings) => {
    const read = setDynamicVariablesSettingsSchema.safeParse(settings);
    return (read.data?.rules ?? []).flatMap(({ set }, rule) =>
      set.flatMap(({ name, secret }, index) =>
        secret === true || isSecretName(name) ? [`/rules/${rule}/set/${index}/value`] : [],
      ),
    );
  },
  execution: 'executor',
  references: () => [],
};
