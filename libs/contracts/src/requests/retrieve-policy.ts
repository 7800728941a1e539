import { z } from 'zod';
import { uidSchema } from '../resource.js';
import { defineRequest } from '../subjects.js';

/** Asks a device, or all members of a collection, to come for policy now. Who is not connected comes at the next poll. */
export const retrievePolicy = defineRequest(
  'policy',
  'retrieve-policy',
  z.union([z.strictObject({ device: uidSchema }), z.strictObject({ collection: uidSchema })]),
  z.object({}),
);
