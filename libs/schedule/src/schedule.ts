import { z } from 'zod';

const notAMoment =
  'not a date and time; for example 2026-12-01T01:00 (by the clock of each device) or 2026-12-01T01:00Z (the same moment everywhere)';
// RFC 3339 wants seconds beside an offset; people leave them out.
const calendarTime = z.union([
  z.iso.datetime({ local: true, offset: true }),
  z.iso.datetime({ offset: true, precision: -1 }),
]);

/**
 * A moment as people say it. With `Z` or an offset it is one instant everywhere; without, it is what the clock on the wall of
 * each device says (deployments.md 3.3: the UTC switch of times).
 */
export const momentSchema = z
  .string(notAMoment)
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?$/, { error: notAMoment, abort: true })
  .refine((text) => calendarTime.safeParse(text).success, notAMoment)
  .describe("2026-12-01T01:00 is in the device's own time zone, 2026-12-01T01:00Z the same instant everywhere");

export const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const weekdaySchema = z.enum(WEEKDAYS);
const everyMonths = z.int().min(1).max(12).optional().describe('Default 1');

const intervalSchema = z
  .strictObject({
    days: z.int().min(0).max(31).optional(),
    hours: z.int().min(0).max(23).optional(),
    minutes: z.int().min(0).max(59).optional(),
  })
  .refine(({ days = 0, hours = 0, minutes = 0 }) => days + hours + minutes > 0, 'an interval is longer than nothing');

/** How a schedule comes again (deployments.md 3.3, the grammar that windows share). */
export const recurrenceSchema = z
  .union([
    z.strictObject({
      every: intervalSchema.describe(
        'Whole days keep the time of day. With hours or minutes it is elapsed time: a change of the clocks moves the time of day',
      ),
    }),
    z.strictObject({
      weekly: z.strictObject({
        on: z.array(weekdaySchema).min(1).max(7),
        everyWeeks: z.int().min(1).max(4).optional().describe('Default 1. Weeks begin on Sunday'),
      }),
    }),
    z.strictObject({
      monthly: z.union([
        z.strictObject({
          day: z
            .union([z.int().min(1).max(31), z.literal('last')])
            .describe('A month that has no such day has its last one instead'),
          everyMonths,
        }),
        z.strictObject({
          week: z.enum(['first', 'second', 'third', 'fourth', 'last']),
          weekday: weekdaySchema,
          offsetDays: z
            .int()
            .min(0)
            .max(14)
            .optional()
            .describe('So many days after that weekday, also into the next month'),
          everyMonths,
        }),
      ]),
    }),
  ])
  .meta({ id: 'Recurrence' });

/** When something happens: once, or again and again. */
export const scheduleSchema = z
  .strictObject({
    start: momentSchema.describe(
      "The first time, and the time of day of the others. 2026-12-01T01:00 is in the device's own time zone, 2026-12-01T01:00Z in UTC",
    ),
    repeat: recurrenceSchema.optional().describe('Default: once'),
  })
  .meta({ id: 'Schedule' });

export type Weekday = (typeof WEEKDAYS)[number];
export type Recurrence = z.infer<typeof recurrenceSchema>;
export type Schedule = z.infer<typeof scheduleSchema>;
