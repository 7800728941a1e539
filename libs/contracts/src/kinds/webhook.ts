import { z } from 'zod';
import { defineKind, instantSchema, uidSchema } from '../resource.js';
import { eventPatternSchema } from './event.js';

/** Bytes that a secret of Standard Webhooks has. */
const SECRET_BYTES = { least: 24, most: 64 } as const;

export const webhookUrlSchema = z
  .url({ protocol: /^https?$/, error: 'an address that begins with https:// is expected' })
  .max(2_000)
  .refine((text) => {
    // What is no address at all was refused above already.
    if (!URL.canParse(text)) return true;
    const { username, password, hash } = new URL(text);
    return username === '' && password === '' && hash === '';
  }, 'an address without user, password and fragment: what proves the sender is the signature');

export const webhookSecretSchema = z
  .string()
  .max(200)
  .refine(
    isSecret,
    `a secret of Standard Webhooks is expected: whsec_ and base64 of ${SECRET_BYTES.least} to ${SECRET_BYTES.most} random bytes`,
  );

function isSecret(text: string): boolean {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1];
  if (encoded === undefined) return false;
  const bytes = Buffer.from(encoded, 'base64');
  return (
    bytes.length >= SECRET_BYTES.least && bytes.length <= SECRET_BYTES.most && bytes.toString('base64') === encoded
  );
}

export const webhookSpecSchema = z
  .strictObject({
    url: webhookUrlSchema.describe(
      'Where events are sent; https, unless the site is configured otherwise for its network',
    ),
    events: z
      .array(eventPatternSchema)
      .min(1)
      .max(50)
      .describe('Types of events: run.failed, all of a subject as run.*, or *'),
    enabled: z.boolean().optional().describe('false: it is told nothing, and not later either. Default true'),
    parallel: z
      .int()
      .min(1)
      .max(16)
      .optional()
      .describe('Deliveries at the same time. 1 (the default): events come in order; more: faster, and in any order'),
    description: z.string().max(256).optional(),
    secret: webhookSecretSchema
      .optional()
      .describe(
        'Signs what is sent (Standard Webhooks). Must be given when it is made, and can never be read. A new one takes the place of the old one, which signs beside it for 24 hours',
      ),
    secretId: z.string().optional().describe('Which secret signs. The server says so; ignored when written'),
  })
  .meta({ id: 'WebhookSpec' });

export const webhookStatusSchema = z
  .strictObject({
    state: z
      .enum(['working', 'failing', 'disabled', 'suspended'])
      .describe(
        'failing: the last delivery failed, and will be repeated; disabled: nothing was delivered for too long; suspended: enabled is false',
      ),
    pending: z.int().nonnegative().describe('Events that wait to be delivered'),
    dead: z.int().nonnegative().describe('Events that were given up; redeliver sends them again'),
    failingSince: instantSchema.optional(),
    disabledAt: instantSchema.optional(),
    lastDeliveredAt: instantSchema.optional(),
    lastError: z.string().optional(),
  })
  .meta({ id: 'WebhookStatus' });

export const DELIVERY_STATES = ['pending', 'delivered', 'dead'] as const;

export const webhookDeliverySchema = z
  .strictObject({
    event: uidSchema.describe('The webhook-id of every attempt'),
    type: z.string(),
    sequence: z.string(),
    state: z.enum(DELIVERY_STATES),
    attempts: z.int().nonnegative(),
    nextAttemptAt: instantSchema.optional(),
    lastStatus: z.int().optional().describe('HTTP status of the last answer'),
    lastError: z.string().optional(),
    updatedAt: instantSchema,
  })
  .meta({ id: 'WebhookDelivery' });

/** GET /api/v1/webhooks/<name>/deliveries: newest first. */
export const webhookDeliveryListSchema = z
  .strictObject({
    metadata: z.strictObject({ continue: z.string().optional().describe('Ask for the next page with ?continue=') }),
    items: z.array(webhookDeliverySchema),
  })
  .meta({ id: 'WebhookDeliveryList' });

/** POST /api/v1/webhooks/<name>/test: what became of one event that was sent at once. */
export const webhookTestResultSchema = z
  .strictObject({
    delivered: z.boolean(),
    event: uidSchema,
    status: z.int().optional(),
    error: z.string().optional(),
    milliseconds: z.int().nonnegative(),
  })
  .meta({ id: 'WebhookTestResult' });

/** POST /api/v1/webhooks/<name>/redeliver: which events are sent again. */
export const webhookRedeliverySchema = z
  .union([
    z.strictObject({ event: uidSchema.describe('One event, whatever became of it') }),
    z.strictObject({ dead: z.literal(true).describe('All that were given up') }),
    z.strictObject({
      since: instantSchema.describe('All of its types that are kept and happened at this time or later'),
    }),
  ])
  .meta({ id: 'WebhookRedelivery' });

export const webhookRedeliveryResultSchema = z
  .strictObject({ events: z.int().nonnegative() })
  .meta({ id: 'WebhookRedeliveryResult' });

export type WebhookSpec = z.infer<typeof webhookSpecSchema>;
export type WebhookStatus = z.infer<typeof webhookStatusSchema>;
export type WebhookDelivery = z.infer<typeof webhookDeliverySchema>;
export type WebhookDeliveryList = z.infer<typeof webhookDeliveryListSchema>;
export type WebhookTestResult = z.infer<typeof webhookTestResultSchema>;
export type WebhookRedelivery = z.infer<typeof webhookRedeliverySchema>;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Where a site tells events to: an address of somebody else. */
export const webhook = defineKind({
  kind: 'Webhook',
  plural: 'webhooks',
  singular: 'webhook',
  service: 'deployment',
  spec: webhookSpecSchema,
  status: webhookStatusSchema,
  withoutSecrets: ({ secret: _secret, ...spec }) => spec,
});
