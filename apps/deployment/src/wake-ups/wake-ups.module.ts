import { Module } from '@nestjs/common';
import { Database } from '@muster/persistence/database.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { DeploymentConfig } from '../config.js';
import { WakeUpRepository } from './wake-up.repository.js';
import { WakeUpSender } from './wake-up-sender.js';
import { WakeUpsController } from './wake-ups.controller.js';
import { WakeUps } from './wake-ups.service.js';

@Module({
  controllers: [WakeUpsController],
  providers: [
    {
      provide: WakeUps,
      inject: [Database, CONFIG, LOGGER],
      useFactory: (
        database: Database,
        { MUSTER_WAKE_UP_PACKETS: mode, MUSTER_WAKE_UP_PORT: port }: DeploymentConfig,
        logger: Logger,
      ) => new WakeUps(database, new WakeUpRepository(), new WakeUpSender(port), mode, port, logger),
    },
  ],
})
export class WakeUpsModule {}
