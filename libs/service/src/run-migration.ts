import { migrate } from '@muster/persistence/migrate.js';
import { loadConfig, serviceConfigSchema, type ServiceConfig } from '@muster/platform/config.js';
import { pino } from 'pino';
import type { ServiceDefinition } from './service-definition.js';

/** What a migration needs to be told; the settings of the service beyond that may be missing. */
const migrationConfigSchema = serviceConfigSchema.pick({ MUSTER_DATABASE_URL: true, MUSTER_LOG_LEVEL: true });

/**
 * Brings a service's schema up to date and ends: what a Job does before the services of a release start. Safe to run
 * twice and beside others. Exit codes: 0 done, 1 the database refused, 2 bad configuration.
 */
export async function runMigration<Config extends ServiceConfig>(definition: ServiceDefinition<Config>): Promise<void> {
  const logger = pino({ name: `${definition.service}-migration`, level: process.env['MUSTER_LOG_LEVEL'] ?? 'info' });
  let url: string;
  try {
    url = loadConfig(migrationConfigSchema, process.env).MUSTER_DATABASE_URL;
  } catch (error) {
    logger.fatal({ code: 'config.invalid' }, `cannot migrate: ${(error as Error).message}`);
    process.exitCode = 2;
    return;
  }
  try {
    await migrate({
      url,
      schema: definition.service,
      folder: definition.migrations,
      log: (line) => logger.info(line),
    });
    logger.info('the schema is up to date');
  } catch (error) {
    logger.fatal({ err: error, code: 'service.cannot-migrate' }, `cannot migrate: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
