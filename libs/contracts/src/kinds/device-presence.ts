import { z } from 'zod';
import { instantSchema } from '../resource.js';

/** A device of which nothing was heard for so long, and that holds no connection, is offline. */
export const ONLINE_MINUTES = 5;
/** One of which nothing came for so long is inactive, where the site does not say otherwise. */
export const INACTIVE_DAYS = 7;

/** Whether a device is there. Derived at the moment of reading; it moves neither the version of the record nor its watches. */
export const devicePresenceSchema = z
  .strictObject({
    online: z
      .boolean()
      .describe(`Its connection to the site is open, or it was heard of in the last ${ONLINE_MINUTES} minutes`),
    since: instantSchema.describe('Since when it is so, to two minutes; offline: when it was last heard of'),
    active: z
      .boolean()
      .describe(`It was heard of in the last days: ${INACTIVE_DAYS}, or what MUSTER_INACTIVE_DAYS of the site says`),
  })
  .meta({ id: 'DevicePresence' });

export type DevicePresence = z.infer<typeof devicePresenceSchema>;
