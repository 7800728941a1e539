import { z } from 'zod';
import { StartError } from './start-error.js';

const whole = (name: string, minimum: number, maximum: number, fallback: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/, `${name} must be a whole number from ${minimum} to ${maximum}`)
    .transform(Number)
    .refine((n) => n >= minimum && n <= maximum, `${name} must be a whole number from ${minimum} to ${maximum}`)
    .default(fallback);

const GIB = 1024 ** 3;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const environmentSchema = z.object({
  MUSTER_STORE_FOLDER: z
    .string('MUSTER_STORE_FOLDER must name the folder that holds the objects')
    .min(1, 'MUSTER_STORE_FOLDER must name the folder that holds the objects'),
  MUSTER_STORE_PORT: whole('MUSTER_STORE_PORT', 0, 65_535, 0),
  MUSTER_STORE_HOST: z.string().min(1, 'MUSTER_STORE_HOST must be an address to listen on').default('127.0.0.1'),
  MUSTER_STORE_REGION: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'MUSTER_STORE_REGION must be 1 to 64 of a-z, 0-9 and "-", e.g. us-east-1')
    .default('us-east-1'),
  MUSTER_STORE_CREDENTIALS_FILE: z
    .string('MUSTER_STORE_CREDENTIALS_FILE must name the JSON file with the access keys')
    .min(1, 'MUSTER_STORE_CREDENTIALS_FILE must name the JSON file with the access keys'),
  MUSTER_STORE_PROCESSES: whole('MUSTER_STORE_PROCESSES', 1, 64, 1),
  MUSTER_STORE_MAX_OBJECT_BYTES: whole('MUSTER_STORE_MAX_OBJECT_BYTES', 1, 1024 * GIB, 5 * GIB),
  MUSTER_STORE_IDLE_TIMEOUT_SECONDS: whole('MUSTER_STORE_IDLE_TIMEOUT_SECONDS', 1, 3600, 60),
  MUSTER_STORE_UPLOAD_DAYS: whole('MUSTER_STORE_UPLOAD_DAYS', 1, 3650, 7),
  MUSTER_STORE_COLLECT_HOURS: whole('MUSTER_STORE_COLLECT_HOURS', 1, 8760, 24),
  MUSTER_LOG_LEVEL: z.enum(LOG_LEVELS, `MUSTER_LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
});

/** Everything that the process can be told from outside. */
export interface StoreConfig {
  /** Folder that holds the objects; created when missing. */
  folder: string;
  host: string;
  /** 0 takes a free port, which is then reported by the `listening` line. */
  port: number;
  /** Region that signatures must be scoped to. */
  region: string;
  credentialsFile: string;
  /** How many processes serve requests. One does everything itself; more of them have a coordinator beside them. */
  processes: number;
  /** Largest body of one PUT. */
  maxObjectBytes: number;
  /** A connection on which no byte moves for this long is closed. */
  idleTimeoutSeconds: number;
  /** A multipart upload in which nothing happened for this long is aborted. */
  uploadDays: number;
  /** How often blobs that nothing names are looked for; at start, too. */
  collectHours: number;
  logLevel: (typeof LOG_LEVELS)[number];
}

/**
 * Reads the configuration from environment variables. An empty variable counts as not set.
 * @throws StartError `store.config` naming the variable and what it must be
 */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): StoreConfig {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    throw new StartError('store.config', parsed.error.issues.map((issue) => issue.message).join('; '));
  }
  const values = parsed.data;
  return {
    folder: values.MUSTER_STORE_FOLDER,
    host: values.MUSTER_STORE_HOST,
    port: values.MUSTER_STORE_PORT,
    region: values.MUSTER_STORE_REGION,
    credentialsFile: values.MUSTER_STORE_CREDENTIALS_FILE,
    processes: values.MUSTER_STORE_PROCESSES,
    maxObjectBytes: values.MUSTER_STORE_MAX_OBJECT_BYTES,
    idleTimeoutSeconds: values.MUSTER_STORE_IDLE_TIMEOUT_SECONDS,
    uploadDays: values.MUSTER_STORE_UPLOAD_DAYS,
    collectHours: values.MUSTER_STORE_COLLECT_HOURS,
    logLevel: values.MUSTER_LOG_LEVEL,
  };
}
