import { readFileSync } from 'node:fs';
import { transferLimitsSchema } from '@muster/contracts/kinds/distribution-point.js';
import { ConfigError, serviceConfigSchema } from '@muster/platform/config.js';
import { z } from 'zod';

const endpoint = z.url({ protocol: /^https?$/ });
const bucket = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'a bucket name: 3 to 63 lower-case letters, digits, "." and "-"');

/** Settings of the content service. Any of them can be given as `NAME_FILE`. */
export const contentConfigSchema = serviceConfigSchema
  .extend({
    /** The site's own library: where uploads land, the authoritative copy. */
    MUSTER_LIBRARY_ENDPOINT: endpoint,
    MUSTER_LIBRARY_BUCKET: bucket,
    MUSTER_LIBRARY_REGION: z.string().min(1).default('us-east-1'),
    MUSTER_LIBRARY_ACCESS_KEY: z.string().min(1),
    MUSTER_LIBRARY_SECRET_KEY: z.string().min(1),
    /** Whether the library's store compresses what it sends by itself, as our own does; otherwise other sites fetch compressed copies. */
    MUSTER_LIBRARY_COMPRESSES: z
      .enum(['true', 'false'])
      .default('false')
      .transform((said) => said === 'true'),
    /** The site's own distribution point: its keys are what `spec.credentials: local` means. All four or none. */
    MUSTER_DP_ENDPOINT: endpoint.optional(),
    MUSTER_DP_BUCKET: bucket.optional(),
    MUSTER_DP_REGION: z.string().min(1).default('us-east-1'),
    MUSTER_DP_ACCESS_KEY: z.string().min(1).optional(),
    MUSTER_DP_SECRET_KEY: z.string().min(1).optional(),
    /** Path of a JSON file with the keys of more points: `{"<name>": {"accessKeyId": "…", "secretAccessKey": "…"}}`. */
    MUSTER_POINT_CREDENTIALS_FILE: z.string().min(1).optional(),
    /** How many versions this process carries to points at the same time, never more to one point than it allows; 0: it leaves that to other replicas. */
    MUSTER_TRANSFER_SLOTS: z.coerce.number().int().min(0).max(64).default(8),
    /** A worker that says nothing for this long has lost its job to another. */
    MUSTER_TRANSFER_LEASE_SECONDS: z.coerce.number().int().min(2).max(600).default(30),
    /** How many stored objects this process reads again at the same time to see whether they are right; 0: none. */
    MUSTER_AUDIT_SLOTS: z.coerce.number().int().min(0).max(64).default(4),
    /** Every stored object is read again this often, where its point says nothing else. */
    MUSTER_AUDIT_EVERY_HOURS: z.coerce.number().int().min(1).max(8760).default(168),
    /** What nothing at a point, or in the library, needs any more is removed after this long. */
    MUSTER_REMOVE_AFTER_MINUTES: z.coerce.number().int().min(0).max(525_600).default(60),
    /** A point keeps an older version for so long after the next one is there: runs that began with it may still need it. */
    MUSTER_KEEP_OLD_VERSIONS_HOURS: z.coerce.number().int().min(0).max(87_600).default(168),
    /** When, and how fast, bytes may come from other sites, as JSON: `spec.transfers` of a point without `concurrency`. */
    MUSTER_SITE_TRANSFERS: z
      .string()
      .default('{}')
      .transform((text, context): unknown => {
        try {
          return JSON.parse(text);
        } catch {
          context.addIssue({ code: 'custom', message: 'must be JSON, such as {"bytesPerSecond":2000000}' });
          return z.NEVER;
        }
      })
      .pipe(transferLimitsSchema.omit({ concurrency: true })),
    /** Higher than elsewhere: a manifest of 100,000 files is about 20 MB. */
    MUSTER_BODY_LIMIT_BYTES: z.coerce.number().int().min(1024).max(67_108_864).default(33_554_432),
  })
  .refine(
    (config) => {
      const given = [
        config.MUSTER_DP_ENDPOINT,
        config.MUSTER_DP_BUCKET,
        config.MUSTER_DP_ACCESS_KEY,
        config.MUSTER_DP_SECRET_KEY,
      ].filter((value) => value !== undefined).length;
      return given === 0 || given === 4;
    },
    {
      path: ['MUSTER_DP_ENDPOINT'],
      message: 'MUSTER_DP_ENDPOINT, _BUCKET, _ACCESS_KEY and _SECRET_KEY belong together: give all or none',
    },
  );

export type ContentConfig = z.infer<typeof contentConfigSchema>;

const keysSchema = z.strictObject({ accessKeyId: z.string().min(1), secretAccessKey: z.string().min(1) });
const credentialsFileSchema = z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), keysSchema);

/** An S3 key pair. */
export type StoreKeys = z.infer<typeof keysSchema>;

/**
 * The keys that `DistributionPoint.spec.credentials` can name: `local`, and those of MUSTER_POINT_CREDENTIALS_FILE.
 *
 * @throws ConfigError when the file cannot be read or is malformed; its contents are never repeated
 */
export function pointCredentials(config: ContentConfig): ReadonlyMap<string, StoreKeys> {
  const byName = new Map<string, StoreKeys>();
  if (config.MUSTER_DP_ACCESS_KEY !== undefined && config.MUSTER_DP_SECRET_KEY !== undefined) {
    byName.set('local', {
      accessKeyId: config.MUSTER_DP_ACCESS_KEY,
      secretAccessKey: config.MUSTER_DP_SECRET_KEY,
    });
  }
  const path = config.MUSTER_POINT_CREDENTIALS_FILE;
  if (path === undefined) return byName;
  for (const [name, keys] of Object.entries(readCredentialsFile(path))) byName.set(name, keys);
  return byName;
}

function readCredentialsFile(path: string): Record<string, StoreKeys> {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`MUSTER_POINT_CREDENTIALS_FILE: "${path}" cannot be read as JSON`, { cause });
  }
  const parsed = credentialsFileSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new ConfigError(
    `MUSTER_POINT_CREDENTIALS_FILE: "${path}" is wrong at "${where}"; it must be {"<name>": {"accessKeyId": "…", "secretAccessKey": "…"}}`,
  );
}
