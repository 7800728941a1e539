import { Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { DeviceSpec, DeviceStatus } from '@muster/contracts/kinds/device.js';
import { Database } from '@muster/persistence/database.js';
import type { ServiceConfig } from '@muster/platform/config.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { SiteReplication } from '@muster/service/replication/site-replication.js';
import { SiteSummaries } from '@muster/service/replication/site-summaries.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { alertsTold } from '../alerts/alerts-below.js';
import { DEVICES } from '../devices/devices.token.js';
import { DevicesModule } from '../devices/devices.module.js';
import { Variables } from '../variables/variables.service.js';
import { VariablesModule } from '../variables/variables.module.js';
import { rolloutUses } from '../rollouts/rollout-uses.js';
import { DeviceTeller } from './device-teller.js';
import { DevicesBelowController } from './devices-below.controller.js';
import { DevicesBelowGrpcController } from './devices-below.grpc.js';
import { DevicesBelow } from './devices-below.service.js';
import { collectionSizes, deploymentResults } from './summaries.js';

type Devices = ResourceStore<DeviceSpec, DeviceStatus>;

/** Tells the site above of devices, how many members collections have here, and what became of deployments; shows what sites below told. */
@Module({
  imports: [DevicesModule, VariablesModule],
  controllers: [DevicesBelowController, DevicesBelowGrpcController],
  providers: [
    {
      provide: DeviceTeller,
      inject: [CONFIG, Database, DEVICES, Replicas, SiteReplication, LOGGER],
      useFactory: (
        { MUSTER_SITE: site }: ServiceConfig,
        database: Database,
        devices: Devices,
        { log }: Replicas,
        replication: SiteReplication,
        logger: Logger,
      ) => new DeviceTeller(site, database, devices, log, replication, logger),
    },
    {
      provide: DevicesBelow,
      inject: [CONFIG, Database, DEVICES, Variables, Replicas],
      useFactory: (
        { MUSTER_SITE: site }: ServiceConfig,
        database: Database,
        devices: Devices,
        variables: Variables,
        { log }: Replicas,
      ) => new DevicesBelow(site, database, devices, variables, log),
    },
    {
      provide: SiteSummaries,
      inject: [CONFIG, Database, Replicas, SiteReplication, LOGGER],
      useFactory: (
        config: ServiceConfig,
        database: Database,
        { log }: Replicas,
        replication: SiteReplication,
        logger: Logger,
      ) => {
        const summaries = [collectionSizes, deploymentResults, rolloutUses, alertsTold];
        return new SiteSummaries(config.MUSTER_SITE, database, log, replication, summaries, logger);
      },
    },
  ],
})
export class SitesModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(SiteSummaries) private readonly summaries: SiteSummaries,
    @Inject(DeviceTeller) private readonly devices: DeviceTeller,
  ) {}

  onApplicationBootstrap(): void {
    this.summaries.start();
    this.devices.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.summaries.stop(), this.devices.stop()]);
  }
}
