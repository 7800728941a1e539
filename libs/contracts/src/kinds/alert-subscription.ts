import { z } from 'zod';
import { siteCodeSchema } from '../hierarchy/site.js';
import { defineKind, instantSchema, nameSchema } from '../resource.js';
import { alertRuleSchema } from './alert.js';

export const MOST_MAIL_ADDRESSES = 50;
const LONGEST_MAIL_ADDRESS = 254;

/** An address as the envelope of a mail has it: no name, no comment, no quotes, one line of ASCII. */
export const mailAddressSchema = z
  .email({
    pattern: z.regexes.html5Email,
    error: 'an address such as ops@example.org is expected, without a name; domains of other scripts in Punycode',
  })
  .max(LONGEST_MAIL_ADDRESS);

/** Addresses that are separated by semicolons, in their order. Pure. */
export function toMailAddresses(text: string): string[] {
  return text
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

export const mailAddressesSchema = z
  .string()
  .max(MOST_MAIL_ADDRESSES * (LONGEST_MAIL_ADDRESS + 2))
  .superRefine((text, context) => {
    const refuse = (message: string) => context.addIssue({ code: 'custom', message });
    const addresses = toMailAddresses(text);
    if (addresses.length === 0) refuse('at least one address is expected, several separated by ";"');
    if (addresses.length > MOST_MAIL_ADDRESSES) refuse(`at most ${MOST_MAIL_ADDRESSES} addresses`);
    const seen = new Set<string>();
    for (const address of addresses) {
      const { error } = mailAddressSchema.safeParse(address);
      if (error) refuse(`${JSON.stringify(address)}: ${error.issues[0]?.message ?? 'no address'}`);
      const same = address.toLowerCase();
      if (seen.has(same)) refuse(`${JSON.stringify(address)} is there twice`);
      seen.add(same);
    }
  });

export const ALERT_CROSSINGS = ['raised', 'resolved'] as const;

const MOST_NAMES = 100;

export const alertSubscriptionSpecSchema = z
  .strictObject({
    addresses: mailAddressesSchema.describe(
      `Who gets mail: addresses, separated by ";", at most ${MOST_MAIL_ADDRESSES}`,
    ),
    rules: z
      .array(alertRuleSchema)
      .min(1)
      .optional()
      .describe('Only alerts of these rules. Default: of all, also of rules of later releases'),
    deployments: z
      .array(nameSchema)
      .min(1)
      .max(MOST_NAMES)
      .optional()
      .describe(
        'Only alerts of these deployments, which need not exist yet. Default: all, also what is of no deployment',
      ),
    deploymentLabels: z
      .record(z.string().max(128), z.string().max(256))
      .refine((labels) => Object.keys(labels).length > 0, 'at least one label is expected')
      .optional()
      .describe('Only alerts of deployments that have all these labels'),
    sites: z
      .array(siteCodeSchema)
      .min(1)
      .max(MOST_NAMES)
      .optional()
      .describe('Only alerts of these sites. Default: of this site and of all below it'),
    crossings: z
      .array(z.enum(ALERT_CROSSINGS))
      .min(1)
      .optional()
      .describe('What mail is for: an alert was raised (anew, or behind a postponement), or resolved. Default: both'),
    enabled: z.boolean().optional().describe('false: no mail, and not later either. Default true'),
    description: z.string().max(256).optional(),
  })
  .meta({ id: 'AlertSubscriptionSpec' });

/** What the mail server said to one address. */
export const mailRecipientSchema = z
  .strictObject({
    address: z.string(),
    state: z
      .enum(['taken', 'waiting', 'refused'])
      .describe('taken: the server has it; waiting: it is tried again; refused: it is not'),
    answer: z.string().describe('Of the mail server, or why there is none'),
  })
  .meta({ id: 'MailRecipient' });

export const alertSubscriptionStatusSchema = z
  .strictObject({
    state: z
      .enum(['working', 'failing', 'suspended', 'no-server'])
      .describe(
        'failing: a mail did not come to all its addresses; suspended: enabled is false; no-server: the site has no mail server (MUSTER_MAIL_SERVER): alerts wait',
      ),
    waiting: z.int().nonnegative().describe('Crossings of alerts that no mail has brought yet'),
    dead: z.int().nonnegative().describe('Those whose mail came to nobody and was given up'),
    lastSentAt: instantSchema.optional().describe('When the server last took a mail'),
    failingSince: instantSchema.optional(),
    lastError: z.string().optional(),
    refused: z.array(mailRecipientSchema).describe('Addresses to which the newest mail did not go'),
  })
  .meta({ id: 'AlertSubscriptionStatus' });

/** POST /api/v1/alert-subscriptions/<name>/test: what became of one mail that was sent at once. */
export const mailTestResultSchema = z
  .strictObject({
    sent: z.boolean().describe('The server took it for at least one address'),
    messageId: z.string(),
    recipients: z.array(mailRecipientSchema).describe('Empty when the server was not asked about them'),
    error: z.string().optional().describe('Why the server took nothing'),
    milliseconds: z.int().nonnegative(),
  })
  .meta({ id: 'MailTestResult' });

export type AlertCrossing = (typeof ALERT_CROSSINGS)[number];
export type AlertSubscriptionSpec = z.infer<typeof alertSubscriptionSpecSchema>;
export type AlertSubscriptionStatus = z.infer<typeof alertSubscriptionStatusSchema>;
export type MailRecipient = z.infer<typeof mailRecipientSchema>;
export type MailTestResult = z.infer<typeof mailTestResultSchema>;

/** Who gets alerts by mail. Each site has its own: they are no data of other sites. */
export const alertSubscription = defineKind({
  kind: 'AlertSubscription',
  plural: 'alert-subscriptions',
  singular: 'alert-subscription',
  service: 'deployment',
  spec: alertSubscriptionSpecSchema,
  status: alertSubscriptionStatusSchema,
});
