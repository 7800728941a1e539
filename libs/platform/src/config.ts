import { readFileSync } from 'node:fs';
import { addressRangeSchema } from '@muster/contracts/address-range.js';
import { z } from 'zod';

/** A port number; 0 asks the system for a free one. */
export const portSchema = z.coerce.number().int().min(0).max(65_535);

/** Settings that every service has. Durations carry their unit in the name. */
export const serviceConfigSchema = z.object({
  MUSTER_SITE: z.string().regex(/^[A-Z0-9]{3}$/, 'a site code: three capital letters or digits'),
  MUSTER_HOST: z.string().min(1).default('127.0.0.1'),
  MUSTER_HTTP_PORT: portSchema,
  MUSTER_GRPC_PORT: portSchema,
  MUSTER_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  MUSTER_NATS_URL: z.url({ protocol: /^(nats|tls)$/ }),
  MUSTER_NATS_USER: z.string().optional(),
  MUSTER_NATS_PASSWORD: z.string().optional(),
  /** The account of the bus whose subjects cross the links to other sites. */
  MUSTER_LINK_NATS_USER: z.string().optional(),
  MUSTER_LINK_NATS_PASSWORD: z.string().optional(),
  /** Ed25519 key (PKCS #8, PEM) by which other sites know this one. Without it the site stands alone. */
  MUSTER_LINK_KEY: z.string().optional(),
  MUSTER_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  /** Migrate at start: right for one machine; on Kubernetes a Job does it before the rollout. */
  MUSTER_MIGRATE: z.stringbool().default(false),
  MUSTER_BODY_LIMIT_BYTES: z.coerce.number().int().min(1024).max(67_108_864).default(4_194_304),
  /** Who changed what is kept for so long. */
  MUSTER_AUDIT_KEEP_DAYS: z.coerce.number().int().min(1).max(36_500).default(365),
  /** Ranges of the proxies before this service: only their `X-Forwarded-For` is believed. Default: the edge on this machine. */
  MUSTER_TRUSTED_PROXIES: z
    .string()
    .default('127.0.0.0/8,::1/128')
    .transform((text) =>
      text
        .split(',')
        .map((range) => range.trim())
        .filter((range) => range !== ''),
    )
    .pipe(z.array(addressRangeSchema)),
  MUSTER_SHUTDOWN_SECONDS: z.coerce.number().int().min(1).max(300).default(15),
});

export type ServiceConfig = z.infer<typeof serviceConfigSchema>;

/** A setting that stops the process at its start. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly code = 'config.invalid';
}

/**
 * Reads settings from the environment. `NAME_FILE` gives a setting by file, for mounted secrets.
 *
 * @throws ConfigError naming every wrong variable and what it should be; values are not repeated, they may be secret
 */
export function loadConfig<Config>(schema: z.ZodType<Config>, environment: NodeJS.ProcessEnv): Config {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('MUSTER_') || value === undefined) continue;
    values[name] = value;
  }
  for (const [name, path] of Object.entries(values)) {
    if (!name.endsWith('_FILE')) continue;
    const plain = name.slice(0, -'_FILE'.length);
    if (plain in values || !isSetting(schema, plain)) continue;
    try {
      values[plain] = readFileSync(path, 'utf8').trim();
    } catch (cause) {
      throw new ConfigError(`${name}: the file "${path}" cannot be read`, { cause });
    }
  }
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues
      .map(
        (issue) =>
          `${issue.path.join('.')}: ${values[String(issue.path[0])] === undefined ? 'is missing; ' : ''}${issue.message}`,
      )
      .join('\n'),
  );
}

function isSetting(schema: z.ZodType, name: string): boolean {
  return schema instanceof z.ZodObject && name in schema.shape;
}
