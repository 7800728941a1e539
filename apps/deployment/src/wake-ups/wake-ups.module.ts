import { Module } from '@nestjs/common';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { DeploymentConfig } from '../config.js';
import { WakeUpRepository } from './wake-up.repository.js';
import { WakeUpSender } from './wake-up-sender.js';
import { WakeUpsController } from './wake-ups.controller.js';
import { WakeUpsGrpcController } from './wake-ups.grpc.js';
import { WakeUps } from './wake-ups.service.js';

@Module({
  controllers: [WakeUpsController, WakeUpsGrpcController],
  providers: [
    {
      provide: WakeUps,
      inject: [Database, Bus, CONFIG, LOGGER],
      useFactory: (
        database: Database,
        bus: Bus,
        {
          MUSTER_WAKE_UP_PACKETS: mode,
          MUSTER_WAKE_UP_PORT: port,
          MUSTER_WAKE_UP_NEIGHBOURS: neighbours,
        }: DeploymentConfig,
        logger: Logger,
      ) => {
        const asked = neighbours === 'yes' ? bus : undefined;
        return new WakeUps(database, new WakeUpRepository(), new WakeUpSender(port), asked, mode, port, logger);
      },
    },
  ],
})
export class WakeUpsModule {}
