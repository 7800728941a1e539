import { maintenanceWindowSchema } from '@muster/schedule/maintenance-window.js';
import { z } from 'zod';
import { siteCodeSchema } from '../hierarchy/site.js';
import { defineKind, nameSchema } from '../resource.js';
import { variablesPrioritySchema, variablesSchema, withoutHiddenValues } from './variables.js';

/** Unknown computers: all, or by the architecture that they tell. */
export const UNKNOWN_COMPUTERS = ['all', 'x86', 'x64', 'arm64'] as const;

/** Computers of which the site has no record. */
export const UNKNOWN_COMPUTERS_COLLECTION = 'all-unknown-computers';

/** Built-in collections: every device of a site is in one of them. */
export const EVERY_DEVICE: readonly string[] = ['all-devices', UNKNOWN_COMPUTERS_COLLECTION];

/** One way into a collection, or out of it. */
export const collectionRuleSchema = z
  .union([
    z.strictObject({ device: nameSchema.describe('Direct: this device') }),
    z.strictObject({ allDevices: z.literal(true).describe('Every device that the site knows') }),
    z.strictObject({
      unknownComputers: z
        .enum(UNKNOWN_COMPUTERS)
        .describe('Computers that enrolled and of which the site has no record, all or those of an architecture'),
    }),
    z.strictObject({
      query: z
        .string()
        .min(1)
        .max(4000)
        .describe('Known devices for which this is true: CEL over their facts, as in conditions'),
    }),
    z.strictObject({ include: nameSchema.describe('The members of this collection') }),
    z.strictObject({ exclude: nameSchema.describe('Not the members of this collection: beats every other rule') }),
  ])
  .meta({ id: 'CollectionRule' });

/** What a collection raises alerts for, at each site for its own devices. */
export const collectionAlertsSchema = z
  .strictObject({
    inactiveAbovePercent: z
      .number()
      .min(0)
      .max(100)
      .describe('Alert when more of its devices in use are inactive: nothing came from them for days'),
  })
  .meta({ id: 'CollectionAlerts' });

export const collectionSpecSchema = z
  .strictObject({
    description: z.string().max(256).optional(),
    limitingCollection: nameSchema
      .optional()
      .describe('Members are always members of this collection too; default: every device of the site'),
    rules: z.array(collectionRuleSchema).max(10_000),
    maintenanceWindows: z
      .array(maintenanceWindowSchema)
      .max(100)
      .optional()
      .describe(
        'When its members may be worked on. A device has the windows of all its collections; with none, any time is right',
      ),
    variables: variablesSchema
      .optional()
      .describe('Of task sequences on its members; a value of the device itself wins'),
    variablesPriority: variablesPrioritySchema.optional(),
    alerts: collectionAlertsSchema.optional(),
  })
  .meta({ id: 'CollectionSpec' });

const siteMembersSchema = z
  .strictObject({ site: siteCodeSchema, members: z.number().int().nonnegative() })
  .meta({ id: 'SiteMembers' });

export const collectionStatusSchema = z
  .strictObject({
    members: z.number().int().nonnegative().describe('At this site'),
    sites: z.array(siteMembersSchema).optional().describe('What each site below this one has told of its members'),
  })
  .meta({ id: 'CollectionStatus' });

export type UnknownComputers = (typeof UNKNOWN_COMPUTERS)[number];
export type SiteMembers = z.infer<typeof siteMembersSchema>;

export type CollectionRule = z.infer<typeof collectionRuleSchema>;
export type CollectionSpec = z.infer<typeof collectionSpecSchema>;
export type CollectionStatus = z.infer<typeof collectionStatusSchema>;

/** A named set of devices. */
export const collection = defineKind({
  kind: 'Collection',
  plural: 'collections',
  singular: 'collection',
  service: 'deployment',
  spec: collectionSpecSchema,
  status: collectionStatusSchema,
  withoutSecrets: ({ variables, ...spec }) =>
    variables ? { ...spec, variables: withoutHiddenValues(variables) } : spec,
});

/** A collection that a specification names, and where. */
export interface NamedCollection {
  /** JSON pointer into the document. */
  readonly path: string;
  readonly name: string;
}

/** All collections that a specification names: limiting, included, excluded; duplicates included. */
export function namedCollections({ limitingCollection, rules }: CollectionSpec): NamedCollection[] {
  return [
    ...(limitingCollection === undefined ? [] : [{ path: '/spec/limitingCollection', name: limitingCollection }]),
    ...rules.flatMap((rule, index) => {
      if ('include' in rule) return [{ path: `/spec/rules/${index}/include`, name: rule.include }];
      if ('exclude' in rule) return [{ path: `/spec/rules/${index}/exclude`, name: rule.exclude }];
      return [];
    }),
  ];
}
