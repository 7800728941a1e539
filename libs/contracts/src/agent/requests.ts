import type { z } from 'zod';
import { contentLocationsRequestSchema } from './content.js';
import { enrolmentRequestSchema, sessionRequestSchema } from './enrolment.js';
import { fatesRequestSchema } from './fates.js';
import { inventoryRequestSchema } from './inventory.js';
import { permitRequestSchema } from './permits.js';
import { keyOfferSchema } from './keys.js';
import { reportsRequestSchema } from './reports.js';
import { softwareRequestSchema } from './software.js';

/**
 * What agents send. A site may be older than its agents: it drops the fields that it does not know, where it would
 * refuse a person's document for them.
 */
export const AGENT_REQUESTS: ReadonlySet<z.ZodType> = new Set<z.ZodType>([
  enrolmentRequestSchema,
  sessionRequestSchema,
  contentLocationsRequestSchema,
  permitRequestSchema,
  reportsRequestSchema,
  fatesRequestSchema,
  inventoryRequestSchema,
  softwareRequestSchema,
  keyOfferSchema,
]);
