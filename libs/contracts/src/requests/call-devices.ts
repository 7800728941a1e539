import { z } from 'zod';
import { DEVICE_WISHES } from '../agent/wake-up.js';
import { uidSchema } from '../resource.js';
import { defineRequest } from '../subjects.js';

const wish = z.enum(DEVICE_WISHES);

/** Asks a device, or all members of a collection, for something besides coming for policy. Who is not connected hears nothing of it. */
export const callDevices = defineRequest(
  'policy',
  'call-devices',
  z.union([z.strictObject({ device: uidSchema, wish }), z.strictObject({ collection: uidSchema, wish })]),
  z.object({}),
);
