import { maintenanceWindowSchema } from '@muster/schedule/maintenance-window.js';
import { z } from 'zod';
import { instantSchema, nameSchema } from '../resource.js';

export const WINDOWS_MINUTES = { default: 120, most: 525_600 } as const;
export const WINDOWS_COUNT = { default: 5, most: 100 } as const;

const spanSchema = z
  .strictObject({
    start: instantSchema,
    end: instantSchema,
    minutes: z.int().nonnegative(),
    windows: z.array(z.strictObject({ collection: nameSchema, name: z.string() })),
  })
  .describe('Windows that overlap or touch are one');

/** GET /api/v1/devices/{name}/windows: when a run of so many minutes may begin on a device. */
export const deviceWindowsSchema = z
  .strictObject({
    device: nameSchema,
    at: instantSchema.describe('The answer is of this moment'),
    timeZone: z.string(),
    timeZoneKnown: z
      .boolean()
      .describe('false: the device has told no time zone that the site knows, and UTC was taken for it'),
    minutes: z.int().nonnegative().describe('What the run may take; 0 is no limit'),
    restricted: z.boolean().describe('false: no window rules runs of sequences, any time is right'),
    windows: z
      .array(
        maintenanceWindowSchema.safeExtend({
          collection: nameSchema,
          counts: z.boolean().describe('It rules the runs of sequences on this device'),
          reason: z.string().describe('Why it counts, or does not'),
        }),
      )
      .describe('All windows of all collections of the device'),
    starts: z
      .array(
        z.strictObject({
          from: instantSchema.describe('The first moment at which it may begin'),
          until: instantSchema.describe('The last moment at which it still fits'),
          span: spanSchema,
        }),
      )
      .describe('The next times at which the run fits, the earliest first; fewer than asked for: no more come'),
    tooShort: z.array(spanSchema).describe('The next spans into which it does not fit'),
  })
  .meta({ id: 'DeviceWindows' });

export type DeviceWindows = z.infer<typeof deviceWindowsSchema>;
