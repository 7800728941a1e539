import { z } from 'zod';
import { momentSchema, scheduleSchema } from './schedule.js';

/** At most so many times and events that make a deployment run (deployments.md DEP-05). */
export const MOST_TRIGGERS = 15;

/** People are told at most a day before. */
export const MOST_WARN_MINUTES = 24 * 60;

/** What makes a Required deployment run. */
export const triggerSchema = z
  .union([
    z.strictObject({ schedule: scheduleSchema }),
    z.strictObject({
      event: z
        .enum(['AsSoonAsPossible', 'Startup', 'LogOn', 'LogOff'])
        .describe(
          'AsSoonAsPossible: once, as soon as the device may; Startup: whenever the computer has started; LogOn, LogOff: whenever somebody has logged on to it, or off',
        ),
    }),
  ])
  .meta({ id: 'Trigger' });

/** Whether a deployment that has run on a device runs again when a trigger comes (deployments.md section 5). */
export const rerunSchema = z.enum(['Always', 'Never', 'IfFailed', 'IfSucceeded']).meta({ id: 'Rerun' });

/** What a deployment says of when devices run it; all of it is decided on the device. */
export const startRulesShape = {
  purpose: z
    .enum(['Required', 'Available'])
    .describe('Required: devices run it when a trigger comes; Available: when somebody at the device asks for it'),
  availableAt: momentSchema
    .optional()
    .describe('Devices do not see it before; without an offset in their own time zone'),
  expiresAt: momentSchema
    .optional()
    .describe('Devices do not start it after; without an offset in their own time zone'),
  triggers: z
    .array(triggerSchema)
    .min(1)
    .max(MOST_TRIGGERS)
    .optional()
    .describe('Required only. Default: [{event: AsSoonAsPossible}]'),
  rerun: rerunSchema.optional().describe('Required only: does it run again when a trigger comes again? Default Always'),
  usersMayStart: z
    .boolean()
    .optional()
    .describe('Required only: may somebody at the device start it before a trigger comes? Default false'),
  hold: z
    .enum(['Starts', 'Runs'])
    .optional()
    .describe(
      'Starts: no device starts it, whoever asks; Runs: and the runs that go on end at their next step. Default: nothing is held',
    ),
  outsideWindows: z
    .boolean()
    .optional()
    .describe('May it start outside the maintenance windows of a device once a trigger has come? Default false'),
  availableTo: z
    .enum(['Clients', 'ClientsMediaAndPxe', 'MediaAndPxe', 'MediaAndPxeHidden'])
    .optional()
    .describe(
      'Clients: agents in the installed system; media and PXE: computers that start from boot media or the network; hidden: only those that name it. Default Clients',
    ),
  fetchAhead: z
    .boolean()
    .optional()
    .describe(
      'Available only: is its content fetched from availableAt on, before anybody asks? What is missing when somebody does comes as `content` says. Default false',
    ),
  onMetered: z
    .boolean()
    .optional()
    .describe(
      'Required only: may it start and fetch content over a metered connection once a trigger has come? Default false',
    ),
  onInternet: z
    .boolean()
    .optional()
    .describe(
      'May computers run it that are on the Internet, outside of the networks of the organisation? Whoever asks. Default false',
    ),
  onWriteFilter: z
    .boolean()
    .optional()
    .describe(
      'May computers run it that lose what it changes with their next restart, because a write filter drops it? Whoever asks. Default true',
    ),
  showProgress: z.boolean().optional().describe('Does the device show people at which step a run is? Default true'),
  suppressNotifications: z
    .boolean()
    .optional()
    .describe(
      'Is nobody at the device told of it: neither that it is new, nor that a run of it begins? The time of warnMinutes stays, and a restart is told. Default false',
    ),
  restartOutsideWindows: z
    .boolean()
    .optional()
    .describe(
      'Required only: may a restart behind the last step of a run come outside the maintenance windows? Restarts between steps belong to the run. Default false',
    ),
  warnMinutes: z
    .int()
    .min(1)
    .max(MOST_WARN_MINUTES)
    .optional()
    .describe(
      'Required only: people who are logged in are told so long before a run that a trigger starts, and before a restart behind its last step. Default: nobody is told',
    ),
  neighbourPoints: z
    .boolean()
    .optional()
    .describe(
      'May devices fetch its content from points of the neighbours of their boundary groups, when their own have none? Default true',
    ),
  defaultGroupPoints: z
    .boolean()
    .optional()
    .describe(
      'May devices fetch its content from points of the default boundary group, behind all others? Default true',
    ),
  content: z
    .enum(['AsNeeded', 'BeforeStart', 'FromPoint'])
    .optional()
    .describe(
      'AsNeeded: each step fetches what it needs; BeforeStart: the run begins once everything is on the device and verified; FromPoint: each step fetches what it needs past the cache, and nothing of it stays. Default AsNeeded',
    ),
};

export const startRulesSchema = z.strictObject(startRulesShape).meta({ id: 'StartRules' });

export type Trigger = z.infer<typeof triggerSchema>;
export type Rerun = z.infer<typeof rerunSchema>;
export type StartRules = z.infer<typeof startRulesSchema>;
