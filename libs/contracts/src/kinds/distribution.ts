import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { defineKind, instantSchema, nameSchema } from '../resource.js';
import { siteCodeSchema } from '../hierarchy/site.js';
import { contentKindSchema, type ContentReference } from './content-reference.js';
import { pointReferenceSchema } from './point-reference.js';

/** Of all sites together; what goes to more goes to groups. */
const MOST_POINTS = 5000;

export const distributionSpecSchema = z
  .strictObject({
    package: nameSchema.describe('Name of what is distributed'),
    kind: contentKindSchema.optional().describe('What it is. Default Package'),
    points: z
      .array(pointReferenceSchema)
      .max(MOST_POINTS)
      .optional()
      .describe('Distribution points that shall hold the newest version; SITE/NAME is one of another site'),
    groups: z
      .array(nameSchema)
      .max(250)
      .optional()
      .describe('Groups whose points shall hold it, those that join later too'),
    priority: z.enum(['high', 'medium', 'low']).optional().describe('What travels first. Default medium'),
  })
  .refine(
    ({ points = [], groups = [] }) => points.length + groups.length > 0,
    'a Distribution names at least one of `points` and `groups`',
  )
  .meta({ id: 'DistributionSpec' });

/** One version's way to one point. */
export const distributionProgressSchema = z
  .strictObject({
    point: nameSchema,
    version: z.number().int().positive(),
    manifest: digestSchema,
    state: z.enum(['pending', 'transferring', 'available', 'retrying', 'failed']),
    filesDone: z.number().int(),
    files: z.number().int(),
    bytesDone: z.number(),
    bytes: z.number(),
    bytesMoved: z
      .number()
      .optional()
      .describe('Bytes that went to the point for it, those of all attempts: what was there already did not'),
    attempts: z.number().int(),
    lastError: z.string().optional(),
    waitsFor: z
      .string()
      .optional()
      .describe('Why the point takes it not now, at the moment of reading: its schedule, or maintenance'),
    badCopies: z
      .number()
      .int()
      .optional()
      .describe('Files whose copy at the point is wrong or gone and could not be repaired yet'),
    updatedAt: instantSchema,
  })
  .meta({ id: 'DistributionProgress' });

/** How the newest version stands at the points of a site, in sums: what each point does is known at its own site. */
export const distributionResultsSchema = z
  .strictObject({
    version: z.number().int().positive().optional().describe('The newest one there; absent: none has come yet'),
    points: z.number().int().nonnegative().describe('Points of the site that shall hold it'),
    available: z.number().int().nonnegative(),
    failed: z.number().int().nonnegative(),
    problem: z.string().optional().describe('Of one of the points that do not hold it'),
    unknownPoints: z.array(nameSchema).optional().describe('Points that are named and that do not exist there'),
  })
  .meta({ id: 'DistributionResults' });

const siteDistributionSchema = distributionResultsSchema
  .extend({ site: siteCodeSchema })
  .meta({ id: 'SiteDistribution' });

export const distributionStatusSchema = z
  .strictObject({
    points: z.array(distributionProgressSchema),
    sites: z.array(siteDistributionSchema).optional().describe('What sites below this one have told of the content'),
    unknownPoints: z
      .array(nameSchema)
      .optional()
      .describe('Points of this site that another site named, and that do not exist'),
  })
  .meta({ id: 'DistributionStatus' });

export type DistributionSpec = z.infer<typeof distributionSpecSchema>;
export type DistributionProgress = z.infer<typeof distributionProgressSchema>;
export type DistributionResults = z.infer<typeof distributionResultsSchema>;
export type SiteDistribution = z.infer<typeof siteDistributionSchema>;
export type DistributionStatus = z.infer<typeof distributionStatusSchema>;

/** What a Distribution brings. */
export function distributedContent({ kind = 'Package', package: name }: DistributionSpec): ContentReference {
  return { kind, name };
}

/** POST /api/v1/distributions/<name>/validate, redistribute and cancel: at these of its points. */
export const distributionActionSchema = z
  .strictObject({ points: z.array(nameSchema).max(1000).optional().describe('Default: all its points') })
  .meta({ id: 'DistributionAction' });

export const distributionActionResultSchema = z
  .strictObject({
    copies: z.number().int().describe('Objects at points that will be read, or written, again'),
    transfers: z.number().int().describe('Transfers that begin again, or were cancelled'),
  })
  .meta({ id: 'DistributionActionResult' });

/** How the copies at one point stand. */
export const distributionCopiesSchema = z
  .strictObject({
    point: nameSchema,
    copies: z.number().int().describe('Objects of the version, its list of files included'),
    waiting: z.number().int().describe('Copies that are due to be read again'),
    bad: z.number().int().describe('Copies that are wrong or gone and could not be repaired yet'),
    problem: z.string().optional().describe('Of one of the bad copies'),
    repaired: z.number().int().describe('Repairs in the last 30 days'),
    readSince: instantSchema.optional().describe('Every copy was read, and right, after this moment'),
  })
  .meta({ id: 'DistributionCopies' });

export const distributionCopiesListSchema = z
  .strictObject({ points: z.array(distributionCopiesSchema) })
  .meta({ id: 'DistributionCopiesList' });

export type DistributionAction = z.infer<typeof distributionActionSchema>;
export type DistributionActionResult = z.infer<typeof distributionActionResultSchema>;
export type DistributionCopies = z.infer<typeof distributionCopiesSchema>;

/** The wish that points hold the newest version of some content, and how far that is. */
export const distribution = defineKind({
  kind: 'Distribution',
  plural: 'distributions',
  singular: 'distribution',
  service: 'content',
  spec: distributionSpecSchema,
  status: distributionStatusSchema,
});
