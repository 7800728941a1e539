import { z } from 'zod';
import { serviceNames } from './routes.js';

const port = z.coerce.number().int().min(0).max(65_535);
const upstream = z.object({ http: port, grpc: port });

const configSchema = z.object({
  /** Public port; 0 asks the system for a free one. */
  MUSTER_EDGE_PORT: port.default(7700),
  MUSTER_EDGE_HOST: z.string().min(1).default('127.0.0.1'),
  /** JSON: where each service listens on 127.0.0.1, `{"catalog": {"http": 1234, "grpc": 1235}, …}`. */
  MUSTER_EDGE_ROUTES: z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue('must be JSON');
        return z.NEVER;
      }
    })
    .pipe(z.partialRecord(z.enum(serviceNames), upstream)),
  MUSTER_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
});

/** Settings of the proxy. A service without an upstream is treated as one that is down. */
export interface EdgeConfig {
  readonly host: string;
  readonly port: number;
  readonly upstreams: z.infer<typeof configSchema>['MUSTER_EDGE_ROUTES'];
  readonly logLevel: string;
}

/** A setting that keeps the proxy from starting. */
export class EdgeConfigError extends Error {
  override readonly name = 'EdgeConfigError';
  readonly code = 'config.invalid';
}

/** Reads and checks the settings. Throws `EdgeConfigError` naming every wrong variable. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): EdgeConfig {
  const result = configSchema.safeParse(environment);
  if (!result.success) {
    throw new EdgeConfigError(
      result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
    );
  }
  return {
    host: result.data.MUSTER_EDGE_HOST,
    port: result.data.MUSTER_EDGE_PORT,
    upstreams: result.data.MUSTER_EDGE_ROUTES,
    logLevel: result.data.MUSTER_LOG_LEVEL,
  };
}
