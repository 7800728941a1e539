import { z } from 'zod';
import { nameSchema, uidSchema } from '../resource.js';
import { collectionRuleSchema, collectionSpecSchema } from './collection.js';

/** Who is in a collection now, by name. */
export const memberListSchema = z
  .strictObject({
    metadata: z.strictObject({ continue: z.string().optional().describe('Ask for the next page with ?continue=') }),
    items: z.array(z.strictObject({ name: nameSchema, uid: uidSchema })),
  })
  .meta({ id: 'MemberList' });

/** Why a device is in a collection, or is not. */
export const membershipExplanationSchema = z
  .strictObject({
    collection: nameSchema,
    device: nameSchema,
    member: z.boolean(),
    reason: z.string().describe('The deciding rule, in a sentence'),
    rules: z
      .array(
        z.strictObject({
          path: z.string().describe('JSON pointer of the rule'),
          rule: collectionRuleSchema,
          matches: z.boolean().describe('The rule speaks of this device'),
        }),
      )
      .describe('Rules that speak of the device first; direct rules for other devices are left out'),
    limitingCollection: z.strictObject({ name: nameSchema, member: z.boolean() }).optional(),
  })
  .meta({ id: 'MembershipExplanation' });

/** POST /api/v1/collections/-/preview: rules that are not saved. */
export const membershipPreviewRequestSchema = z
  .strictObject({
    name: nameSchema.optional().describe('The collection as it is now, to compare with; default: nobody'),
    spec: collectionSpecSchema,
    device: nameSchema.optional().describe('Say of this device why it would be in, or would not'),
  })
  .meta({ id: 'MembershipPreviewRequest' });

/** Who would be in, and what that would change. */
export const membershipPreviewSchema = z
  .strictObject({
    members: z.number().int().nonnegative(),
    added: z.number().int().nonnegative(),
    removed: z.number().int().nonnegative(),
    examples: z
      .strictObject({ added: z.array(nameSchema), removed: z.array(nameSchema), kept: z.array(nameSchema) })
      .describe('The first names of each, at most 100'),
    explanation: membershipExplanationSchema.optional().describe('Of the device that was asked for'),
  })
  .meta({ id: 'MembershipPreview' });

/** GET /api/v1/collections/{name}/uses: what keeps a collection from being deleted; at most 1,000 names of each. */
export const collectionUsesSchema = z
  .strictObject({
    deployments: z.array(nameSchema).describe('Whose target it is'),
    limits: z.array(nameSchema).describe('Collections whose limiting collection it is'),
    includedBy: z.array(nameSchema).describe('Collections that have its members'),
    excludedBy: z.array(nameSchema).describe('Collections that have everybody but its members'),
    settings: z.array(nameSchema).describe('Client settings that are for its members'),
  })
  .meta({ id: 'CollectionUses' });

export type CollectionUses = z.infer<typeof collectionUsesSchema>;
export type MemberList = z.infer<typeof memberListSchema>;
export type MembershipExplanation = z.infer<typeof membershipExplanationSchema>;
export type MembershipPreviewRequest = z.infer<typeof membershipPreviewRequestSchema>;
export type MembershipPreview = z.infer<typeof membershipPreviewSchema>;
