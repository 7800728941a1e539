import { MOST_WARN_MINUTES } from '@muster/schedule/start-rules.js';
import { z } from 'zod';

/** What people at a computer are told, and may put off. An agent goes by these that says the ability `people-settings`. */
export const peopleSettingsShape = {
  announceNew: z
    .boolean()
    .optional()
    .describe(
      'true: people are told once of a deployment that is new to the computer, in the first week in which it is available. Default false',
    ),
  remindHours: z
    .int()
    .min(1)
    .max(999)
    .optional()
    .describe(
      'People are reminded so often of a Required deployment that begins by itself in more than a day. Default: not',
    ),
  remindHoursLastDay: z
    .int()
    .min(1)
    .max(24)
    .optional()
    .describe('The same of one that begins in less than a day. Default: not'),
  remindMinutesLastHour: z
    .int()
    .min(1)
    .max(60)
    .optional()
    .describe('The same of one that begins in less than an hour. Default: not'),
  restartWarnMinutes: z
    .int()
    .min(1)
    .max(MOST_WARN_MINUTES)
    .optional()
    .describe(
      'People have at least so long before a restart behind the last step of a Required deployment. Default: as long as before its start (warnMinutes)',
    ),
  restartFinalMinutes: z
    .int()
    .min(1)
    .max(MOST_WARN_MINUTES)
    .optional()
    .describe(
      'So long before such a restart people are told once more, and put it off no longer. Default: they are told once',
    ),
  snoozeMinutes: z
    .int()
    .min(1)
    .max(MOST_WARN_MINUTES)
    .optional()
    .describe(
      'People may put off what they were warned of by so much, all in all: such a restart, and the start of a deployment with usersMayStart. Default: they may not',
    ),
};
