import { MOST_WARN_MINUTES } from '@muster/schedule/start-rules.js';
import { z } from 'zod';
import { defineKind, nameSchema } from '../resource.js';
import { peopleSettingsShape } from './people-settings.js';

/** The settings of every device. All others say for which collections they are. */
export const DEFAULT_SETTINGS = 'default';

/** What an agent is told to go by; each of these has an effect on the computer. */
export const agentSettingsShape = {
  inventoryMinutes: z
    .int()
    .min(1)
    .max(10_080)
    .optional()
    .describe('How often the agent looks at its computer; what has changed it tells. Default 15'),
  cacheMegabytes: z
    .int()
    .min(1)
    .max(1_048_576)
    .optional()
    .describe(
      'Most that the content cache may take, in MiB. Default: as the agent was started (MUSTER_AGENT_CACHE_MB), else 5,120, or a fifth of the disk where that is less',
    ),
  cacheKeepMinutes: z
    .int()
    .min(1)
    .max(10_080)
    .optional()
    .describe(
      'Content that was used in this time is not removed from the cache; what finds no room then waits. Default: what was used longest ago goes first',
    ),
  usersMayStart: z
    .boolean()
    .optional()
    .describe(
      'false: nobody at the computer starts anything, whatever deployments say; Required ones run by their triggers. Default true',
    ),
  organisationName: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .regex(/^\P{Cc}*$/u, 'one line of text is expected')
    .optional()
    .describe('Stands before what people at the computer are told, and is _SMSTSOrgName in runs. Default: nothing'),
  ...peopleSettingsShape,
};

/** What settings say; what they do not say, weaker ones do. */
export const settingValuesSchema = z
  .strictObject({
    policyPollMinutes: z
      .int()
      .min(1)
      .max(1440)
      .optional()
      .describe('How often the agent asks for policy. Default: as the site is configured (MUSTER_POLL_SECONDS)'),
    ...agentSettingsShape,
    warnMinutes: z
      .int()
      .min(1)
      .max(MOST_WARN_MINUTES)
      .optional()
      .describe('warnMinutes of Required deployments that do not say it themselves. Default: nobody is told'),
    onMetered: z
      .boolean()
      .optional()
      .describe('onMetered of Required deployments that do not say it themselves. Default false'),
    allDeploymentsWindows: z
      .boolean()
      .optional()
      .describe(
        'true: on a device with a maintenance window for TaskSequences, those for AllDeployments count for sequences too. Default false',
      ),
  })
  .refine((values) => Object.values(values).some((value) => value !== undefined), 'at least one setting is expected')
  .refine(
    ({ restartWarnMinutes, restartFinalMinutes }) =>
      restartWarnMinutes === undefined || restartFinalMinutes === undefined || restartFinalMinutes < restartWarnMinutes,
    { path: ['restartFinalMinutes'], error: 'less than restartWarnMinutes is expected: it is the end of that time' },
  )
  .meta({ id: 'SettingValues' });

export const clientSettingsSpecSchema = z
  .strictObject({
    description: z.string().max(256).optional(),
    priority: z
      .int()
      .min(1)
      .max(9999)
      .optional()
      .describe(`Which settings win on a device that has several: 1 is the strongest. Not of "${DEFAULT_SETTINGS}"`),
    collections: z
      .array(nameSchema)
      .min(1)
      .max(100)
      .optional()
      .describe(`Whose members they are for. Not of "${DEFAULT_SETTINGS}", which is for every device`),
    settings: settingValuesSchema,
  })
  .meta({ id: 'ClientSettingsSpec' });

export const clientSettingsStatusSchema = z.strictObject({}).meta({ id: 'ClientSettingsStatus' });

export type SettingValues = z.infer<typeof settingValuesSchema>;
export type ClientSettingsSpec = z.infer<typeof clientSettingsSpecSchema>;
export type ClientSettingsStatus = z.infer<typeof clientSettingsStatusSchema>;

/** How agents work: for every device, or for the members of collections. */
export const clientSettings = defineKind({
  kind: 'ClientSettings',
  plural: 'client-settings',
  singular: 'client-settings',
  shortNames: ['settings', 'cs'],
  service: 'deployment',
  spec: clientSettingsSpecSchema,
  status: clientSettingsStatusSchema,
});
