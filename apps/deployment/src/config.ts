import { addressRangeSchema } from '@muster/contracts/address-range.js';
import { mailAddressSchema } from '@muster/contracts/kinds/alert-subscription.js';
import { INACTIVE_DAYS } from '@muster/contracts/kinds/device-presence.js';
import { EVENT_KEEP_DAYS } from '@muster/contracts/kinds/event.js';
import { hardwareIdOf } from '@muster/contracts/kinds/hardware-identity.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { serviceConfigSchema } from '@muster/platform/config.js';
import { z } from 'zod';
import { mailPasswordOf, mailUserOf, toMailServer } from './subscriptions/mail-settings.js';

const keepDays = z.coerce.number().int().min(1).max(3_650);
const deviceCount = z.coerce.number().int().min(0).max(10_000_000);

/** Settings of the deployment service. */
export const deploymentConfigSchema = serviceConfigSchema
  .extend({
    /** Required deployments that may take systems or data away ask for agreement above so many devices; 0: they never ask. */
    MUSTER_HIGH_RISK_DEVICES: deviceCount.default(100),
    /** Above so many devices they are refused; 0: never. */
    MUSTER_HIGH_RISK_MOST_DEVICES: deviceCount.default(0),
    /** MAC addresses and SMBIOS UUIDs that several computers of the site have (adapters that are passed around): they tell none apart. */
    MUSTER_SHARED_HARDWARE: z
      .string()
      .default('')
      .transform((text, context) =>
        text
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== '')
          .flatMap((one) => {
            const id = hardwareIdOf(one);
            if (id === undefined)
              context.addIssue({ code: 'custom', message: `"${one}" is no MAC address and no SMBIOS UUID` });
            return id ?? [];
          }),
      ),
    /** A computer that enrols with the hardware of a device: is it told apart by the rules, or does somebody say whether it is that one? */
    MUSTER_REINSTALLED_COMPUTERS: z.enum(['automatic', 'manual']).default('automatic'),
    /** Devices that run the site, by name; those that have a network card of this computer are known without. */
    MUSTER_SITE_SERVERS: z
      .string()
      .default('')
      .transform((text) =>
        text
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== ''),
      )
      .pipe(z.array(nameSchema)),
    /** Required deployments that may take systems away and have such devices among theirs: are they refused, or agreed to? */
    MUSTER_HIGH_RISK_SITE_SERVERS: z.enum(['refuse', 'agree']).default('refuse'),
    /** Name of the collection of all servers: for its devices such deployments are agreed to on their own. Default: nobody is asked. */
    MUSTER_HIGH_RISK_SERVERS: nameSchema.optional(),
    /** So long after a start nobody becomes silent, neither in a rollout nor with a run: what devices said meanwhile is taken in first. */
    MUSTER_ROLLOUT_GRACE_SECONDS: z.coerce.number().int().min(0).max(3600).default(60),
    /** Events are told to whoever asks for so long. */
    MUSTER_EVENT_KEEP_DAYS: keepDays.default(EVENT_KEEP_DAYS),
    /** Runs that ended so long ago are forgotten with their steps, unless a deployment counts a device by them; 0: never. */
    MUSTER_KEEP_RUNS_DAYS: z.coerce.number().int().min(0).max(3_650).default(365),
    /** Alerts whose condition is gone, and that nobody touched, are kept for so long. */
    MUSTER_ALERT_KEEP_DAYS: keepDays.default(90),
    /** Unknown computers of which nobody has heard for so long are forgotten; 0: never. */
    MUSTER_UNKNOWN_COMPUTER_DAYS: z.coerce.number().int().min(0).max(3_650).default(30),
    /** The same of obsolete devices, whose hardware has another record. */
    MUSTER_OBSOLETE_DEVICE_DAYS: z.coerce.number().int().min(0).max(3_650).default(90),
    /** A device of which nothing came for so long is inactive. */
    MUSTER_INACTIVE_DAYS: z.coerce.number().int().min(1).max(3_650).default(INACTIVE_DAYS),
    /** Where wake-up packets go: broadcast address of the subnet of a device, or its last address. */
    MUSTER_WAKE_UP_PACKETS: z.enum(['broadcast', 'unicast']).default('broadcast'),
    /** To which UDP port. */
    MUSTER_WAKE_UP_PORT: z.coerce.number().int().min(1).max(65_535).default(9),
    /** Are devices that are awake asked to send packets to those that sleep in their networks? */
    MUSTER_WAKE_UP_NEIGHBOURS: z.enum(['yes', 'no']).default('yes'),
    /** Seals the secrets of webhooks: 32 random bytes or more as base64url; give it by file: MUSTER_WEBHOOK_KEY_FILE. */
    MUSTER_WEBHOOK_KEY: z
      .base64url()
      .refine((text) => Buffer.from(text, 'base64url').length >= 32, 'at least 32 bytes are expected'),
    /** Networks, comma separated, that webhooks may be sent to although they are not the public internet; also without TLS. */
    MUSTER_WEBHOOK_NETWORKS: z
      .string()
      .default('')
      .transform((text) =>
        text
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== ''),
      )
      .pipe(z.array(addressRangeSchema)),
    /** A webhook to which nothing could be delivered for so long is disabled. */
    MUSTER_WEBHOOK_GIVE_UP_HOURS: z.coerce.number().min(0).max(8_760).default(120),
    /** Where alerts are handed over as mail: smtp://host (port 587, STARTTLS) or smtps://host (465); also with user and password. */
    MUSTER_MAIL_SERVER: z.string().transform(toMailServer).optional(),
    /** The sender of mails. */
    MUSTER_MAIL_FROM: mailAddressSchema.optional(),
    /** Who the site is for the mail server; better than in its address: MUSTER_MAIL_PASSWORD_FILE. */
    MUSTER_MAIL_USER: z.string().min(1).max(256).optional(),
    MUSTER_MAIL_PASSWORD: z.string().min(1).max(1_024).optional(),
    /** off: mails, never a password, go to the mail server unencrypted. */
    MUSTER_MAIL_TLS: z.enum(['required', 'off']).default('required'),
    /** Alerts that come within so long of the first go into one mail. */
    MUSTER_MAIL_GATHER_SECONDS: z.coerce.number().min(0).max(3_600).default(10),
    /** A subscription gets one mail in so long at most; what comes meanwhile goes into the next one. */
    MUSTER_MAIL_EVERY_SECONDS: z.coerce.number().min(0).max(86_400).default(60),
    /** A mail that the server did not take for so long is given up. */
    MUSTER_MAIL_GIVE_UP_HOURS: z.coerce.number().min(0).max(8_760).default(120),
  })
  .refine(({ MUSTER_HIGH_RISK_DEVICES: ask, MUSTER_HIGH_RISK_MOST_DEVICES: most }) => most === 0 || most > ask, {
    path: ['MUSTER_HIGH_RISK_MOST_DEVICES'],
    error: 'must be 0, or greater than MUSTER_HIGH_RISK_DEVICES',
  })
  .refine((config) => !config.MUSTER_MAIL_SERVER || config.MUSTER_MAIL_FROM, {
    path: ['MUSTER_MAIL_FROM'],
    error: 'the address that mails come from; MUSTER_MAIL_SERVER needs it',
  })
  .refine((config) => mailUserOf(config) === undefined || mailPasswordOf(config) !== undefined, {
    path: ['MUSTER_MAIL_PASSWORD'],
    error: 'the mail server has a user; MUSTER_MAIL_PASSWORD_FILE names the file with the password',
  })
  .refine((config) => config.MUSTER_MAIL_TLS === 'required' || mailUserOf(config) === undefined, {
    path: ['MUSTER_MAIL_TLS'],
    error: 'off is for servers without a user: a password is never sent unencrypted',
  });

export type DeploymentConfig = z.infer<typeof deploymentConfigSchema>;
