import { z } from 'zod';
import { LIMITS } from '../../limits.js';
import type { Phase } from '../../model.js';
import type { StepDefinition } from '../definition.js';
import { optionalTextSetting } from '../setting-rules.js';
import { booleanSetting, holdsVariable, wholeNumberSetting } from '../setting-types.js';

const defaultDelaySeconds = 60;

/** Words for the two targets; variables hold HD and WinPE. */
const targets: Readonly<Record<string, Phase>> = { fullos: 'FullOS', pe: 'PE', hd: 'FullOS', winpe: 'PE' };
const targetError = 'must be one of: FullOS, PE';

const targetSetting = z.union(
  [
    z.enum(['FullOS', 'PE']),
    z
      .string()
      .max(LIMITS.variableNameLength + 2)
      .transform((text, context) => {
        if (holdsVariable(text)) return text;
        const word = text.trim().toLowerCase();
        const target = Object.hasOwn(targets, word) ? targets[word] : undefined;
        if (target !== undefined) return target;
        context.addIssue({ code: 'custom', message: targetError });
        return z.NEVER;
      }),
  ],
  { error: targetError },
);

export const restartComputerSettingsSchema = z.strictObject({
  target: targetSetting
    .optional()
    .meta({ description: 'the installed system, or the preinstallation environment', default: 'FullOS' }),
  notify: booleanSetting().optional().meta({ description: 'tell whoever is signed in, and wait', default: true }),
  message: optionalTextSetting(LIMITS.restartMessageLength).optional(),
  delaySeconds: wholeNumberSetting(0, LIMITS.restartDelaySeconds)
    .optional()
    .meta({ description: 'time between message and restart; 0: no message', default: defaultDelaySeconds }),
});

export type RestartComputerSettings = z.infer<typeof restartComputerSettingsSchema>;

/** Restart Computer: the engine itself asks for the restart and goes on with the next step. */
export const restartComputer: StepDefinition<RestartComputerSettings> = {
  type: 'RestartComputer',
  category: 'General',
  title: 'Restart Computer',
  help:
    'Restarts the computer into the installed system or the preinstallation environment; the sequence goes on with the next step. ' +
    'With delaySeconds 0 or notify false it restarts at once, without a message. The run fails, whatever continue on error says, when there is nothing to start into. ' +
    'SMSRebootMessage, SMSRebootTimeout and SMSRebootTarget (HD, WinPE) override the settings.',
  settingsSchema: restartComputerSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: true,
  variables: { message: 'SMSRebootMessage', delaySeconds: 'SMSRebootTimeout', target: 'SMSRebootTarget' },
  execution: 'engine',
  run({ target, notify, message, delaySeconds }) {
    const seconds = notify === false ? 0 : typeof delaySeconds === 'number' ? delaySeconds : defaultDelaySeconds;
    const text = seconds > 0 && message ? { message } : {};
    return {
      assignments: [],
      restart: { target: target === 'PE' ? 'PE' : 'FullOS', delaySeconds: seconds, ...text },
    };
  },
  references: () => [],
};
