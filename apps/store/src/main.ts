import { letBuffersDieYoung } from '@muster/platform/buffers-die-young.js';
import { readConfig } from './config.js';
import { createLogger } from './log.js';
import { StartError } from './start-error.js';
import { startStore } from './store-process.js';

/** `node main.js`: one store. Configured by environment variables, see README. */
async function main(): Promise<void> {
  letBuffersDieYoung();
  const config = readConfig();
  const logger = createLogger(config.logLevel);
  const store = await startStore(config, logger);

  let stopping = false;
  const stop = (reason: string): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ reason }, 'stopping');
    store.stop().then(
      () => {
        logger.info('stopped');
        process.exit(0);
      },
      (error: unknown) => {
        logger.fatal({ err: error }, 'stop failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  // A supervisor that dies closes the channel: the store never outlives it.
  process.on('disconnect', () => stop('supervisor is gone'));

  logger.info({ host: config.host, port: store.port }, 'listening');
  process.send?.({ type: 'listening', port: store.port });
  if (process.send && !process.connected) stop('supervisor is gone');
}

main().catch((error: unknown) => {
  const line = error instanceof StartError ? `${error.code}: ${error.message}` : `store.bug: ${String(error)}`;
  process.stderr.write(`${line.replaceAll('\n', ' ')}\n`);
  process.exit(1);
});
