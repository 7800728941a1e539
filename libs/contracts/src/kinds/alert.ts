import { z } from 'zod';
import { siteCodeSchema } from '../hierarchy/site.js';
import { defineKind, instantSchema, nameSchema, uidSchema } from '../resource.js';

/** What alerts are raised for. */
export const ALERT_RULES = {
  'deployment-failed': 'More devices of a deployment failed than its alerts.failedAbovePercent allows',
  'deployment-content':
    'More devices of a deployment wait for content than its alerts.waitingForContentAbovePercent allows',
  'deployment-silent': 'More devices of a deployment fell silent in a run than its alerts.silentAbovePercent allows',
  'deployment-window':
    'A run fits into no maintenance window on more devices of a deployment than its alerts.noWindowAbovePercent allows',
  'collection-inactive': 'More devices of a collection are inactive than its alerts.inactiveAbovePercent allows',
  'webhook-disabled': 'A webhook was disabled, for nothing could be delivered for too long',
  'deployment-succeeded': 'Fewer devices of a deployment succeeded by its alerts.succeeded.by than it asks for',
} as const;

export type AlertRule = keyof typeof ALERT_RULES;

export const alertRuleSchema = z.enum(Object.keys(ALERT_RULES) as [AlertRule, ...AlertRule[]]);

export const alertStateSchema = z
  .enum(['active', 'acknowledged', 'postponed', 'resolved', 'closed'])
  .describe(
    'active: somebody must look; acknowledged: somebody does; postponed: until a time; resolved: its condition went away; closed: somebody is done with it',
  );

export const alertSpecSchema = z
  .strictObject({
    rule: alertRuleSchema,
    subject: z.strictObject({ kind: z.string(), name: nameSchema, uid: uidSchema }).describe('What it is about'),
  })
  .meta({ id: 'AlertSpec' });

export const alertCommentSchema = z.strictObject({ at: instantSchema, by: z.string(), text: z.string() });

export const alertStatusSchema = z
  .strictObject({
    state: alertStateSchema,
    severity: z.enum(['warning', 'error']),
    message: z.string().describe('What was so when it was raised'),
    holds: z.boolean().describe('Is its condition true? Also of closed ones: they come back only once it was not'),
    raisedAt: instantSchema.describe('The last time'),
    raised: z.int().positive().describe('How often'),
    resolvedAt: instantSchema.optional(),
    changedAt: instantSchema,
    changedBy: z.string().optional().describe('Who acknowledged, postponed or closed it'),
    postponedUntil: instantSchema.optional(),
    comments: z.array(alertCommentSchema),
    site: siteCodeSchema.optional().describe('Of alerts of a site below this one: whose it is'),
  })
  .meta({ id: 'AlertStatus' });

export const MOST_ALERT_COMMENTS = 100;

/** POST /api/v1/alerts/<name>/acknowledge, close and comment. */
export const alertChangeSchema = z
  .strictObject({ comment: z.string().trim().min(1).max(1000).optional() })
  .meta({ id: 'AlertChange' });

/** POST /api/v1/alerts/<name>/postpone. */
export const alertPostponementSchema = alertChangeSchema
  .extend({ until: instantSchema.describe('It is active again then, when its condition still holds') })
  .meta({ id: 'AlertPostponement' });

/** POST /api/v1/alerts/<name>/comment. */
export const alertRemarkSchema = z
  .strictObject({ comment: alertChangeSchema.shape.comment.unwrap() })
  .meta({ id: 'AlertRemark' });

/** GET /api/v1/alerts/-/below */
export const alertsBelowQuerySchema = z.strictObject({
  site: siteCodeSchema.optional().describe('Only alerts of this site'),
  state: alertStateSchema.optional(),
  deployment: nameSchema.optional().describe('Only alerts about this deployment'),
  limit: z.coerce.number().int().min(1).max(500).optional().describe('Alerts per page, default 100'),
  continue: z.string().max(200).optional().describe('From metadata.continue of the page before'),
});

export type AlertsBelowQuery = z.infer<typeof alertsBelowQuerySchema>;
export type AlertSpec = z.infer<typeof alertSpecSchema>;
export type AlertState = z.infer<typeof alertStateSchema>;
export type AlertStatus = z.infer<typeof alertStatusSchema>;
export type AlertChange = z.infer<typeof alertChangeSchema>;
export type AlertPostponement = z.infer<typeof alertPostponementSchema>;

/** Something that people must know of. The site raises it; people say what becomes of it. */
export const alert = defineKind({
  kind: 'Alert',
  plural: 'alerts',
  singular: 'alert',
  service: 'deployment',
  verbs: [],
  spec: alertSpecSchema,
  status: alertStatusSchema,
});
