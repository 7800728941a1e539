import { Module } from '@nestjs/common';
import { device, type DeviceSpec, type DeviceStatus } from '@muster/contracts/kinds/device.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import type { ServiceConfig } from '@muster/platform/config.js';
import { OwnedReplicas } from '@muster/service/replication/owned-replicas.js';
import { Replicas } from '@muster/service/replication/replicas.js';
import { grpcController } from '@muster/service/resources/grpc.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { restController } from '@muster/service/resources/rest.js';
import type { Logger } from 'pino';
import { EventLog } from '../events/event-log.js';
import { FateRepository } from '../fates/fate.repository.js';
import { FatesModule } from '../fates/fates.module.js';
import { Membership } from '../membership/membership.js';
import { MembershipModule } from '../membership/membership.module.js';
import { Variables } from '../variables/variables.service.js';
import { VariablesModule } from '../variables/variables.module.js';
import { DeviceMessages } from './device.messages.js';
import { Adoption } from './adoption.js';
import { DeviceAccessController } from './device-access.controller.js';
import { DeviceAccessDecisions } from './device-access.service.js';
import { DeviceGrpcController } from './device.grpc.js';
import { DeviceHardwareRepository } from './device-hardware.repository.js';
import { DeviceImportController } from './device-import.controller.js';
import { DeviceImport } from './device-import.service.js';
import { DevicePresenceRepository } from './device-presence.repository.js';
import { DeviceRepository } from './device.repository.js';
import { DeviceSummaries } from './device-summaries.js';
import { DeviceSightings } from './device-sightings.js';
import { DevicesByStateController } from './devices-by-state.controller.js';
import { DevicesByState } from './devices-by-state.js';
import { deviceRules } from './device.rules.js';
import { DEVICES } from './devices.token.js';
import { Enrolments } from './enrolment.js';
import { Inventories } from './inventory.js';
import { PolicyCalls } from './policy-calls.js';
import { ReinstalledComputers } from './reinstalled-computers.service.js';
import { SilentDevices } from './silent-devices.js';
import { UnknownComputers } from './unknown-computers.js';
import { DeviceSoftwareController } from '../software/device-software.controller.js';
import { DeviceSoftwareRecords } from '../software/device-software.service.js';
import { SoftwareRepository } from '../software/software.repository.js';
import { UnusedSoftware } from '../software/unused-software.js';
import type { DeploymentConfig } from '../config.js';

@Module({
  imports: [MembershipModule, VariablesModule, FatesModule],
  controllers: [
    DeviceImportController,
    DeviceAccessController,
    DevicesByStateController,
    DeviceGrpcController,
    DeviceSoftwareController,
    restController(device, DEVICES),
    grpcController(device, DEVICES),
  ],
  providers: [
    {
      provide: DEVICES,
      inject: [
        Database,
        Outbox,
        Membership,
        Variables,
        DeviceHardwareRepository,
        EventLog,
        SoftwareRepository,
        DevicePresenceRepository,
        Replicas,
        CONFIG,
      ],
      useFactory: (
        database: Database,
        outbox: Outbox,
        membership: Membership,
        variables: Variables,
        hardware: DeviceHardwareRepository,
        events: EventLog,
        software: SoftwareRepository,
        repository: DevicePresenceRepository,
        replicas: Replicas,
        { MUSTER_SITE: site }: ServiceConfig,
      ) =>
        new ResourceStore(
          device,
          'device',
          database,
          outbox,
          deviceRules(membership, variables, hardware, events, software, { repository, database }),
          new OwnedReplicas(replicas, site),
        ),
    },
    {
      provide: Adoption,
      inject: [
        DEVICES,
        DeviceRepository,
        DeviceHardwareRepository,
        Membership,
        Variables,
        Outbox,
        FateRepository,
        SoftwareRepository,
      ],
      useFactory: (...parts: ConstructorParameters<typeof Adoption>) => new Adoption(...parts),
    },
    {
      provide: DeviceAccessDecisions,
      inject: [DEVICES, Membership, Adoption, EventLog, Database],
      useFactory: (...parts: ConstructorParameters<typeof DeviceAccessDecisions>) =>
        new DeviceAccessDecisions(...parts),
    },
    {
      provide: DeviceHardwareRepository,
      inject: [CONFIG],
      useFactory: ({ MUSTER_SHARED_HARDWARE: shared }: DeploymentConfig) =>
        new DeviceHardwareRepository(new Set(shared)),
    },
    { provide: SoftwareRepository, useFactory: () => new SoftwareRepository() },
    {
      provide: DeviceSoftwareRecords,
      inject: [DEVICES, SoftwareRepository, Membership, Database],
      useFactory: (...parts: ConstructorParameters<typeof DeviceSoftwareRecords>) =>
        new DeviceSoftwareRecords(...parts),
    },
    {
      provide: UnusedSoftware,
      inject: [SoftwareRepository, Membership, Database, LOGGER],
      useFactory: (...parts: ConstructorParameters<typeof UnusedSoftware>) => new UnusedSoftware(...parts),
    },
    { provide: DeviceRepository, useFactory: () => new DeviceRepository() },
    {
      provide: DevicePresenceRepository,
      inject: [CONFIG],
      useFactory: ({ MUSTER_INACTIVE_DAYS: days }: DeploymentConfig) => new DevicePresenceRepository(days),
    },
    {
      provide: DeviceImport,
      inject: [DEVICES, DeviceHardwareRepository, Membership, Variables, Database, Outbox],
      useFactory: (...parts: ConstructorParameters<typeof DeviceImport>) => new DeviceImport(...parts),
    },
    {
      provide: DevicesByState,
      inject: [DEVICES, DevicePresenceRepository, Database],
      useFactory: (...parts: ConstructorParameters<typeof DevicesByState>) => new DevicesByState(...parts),
    },
    {
      provide: DeviceSummaries,
      inject: [DevicePresenceRepository, Database],
      useFactory: (...parts: ConstructorParameters<typeof DeviceSummaries>) => new DeviceSummaries(...parts),
    },
    {
      provide: DeviceSightings,
      inject: [DEVICES, DevicePresenceRepository, EventLog],
      useFactory: (...parts: ConstructorParameters<typeof DeviceSightings>) => new DeviceSightings(...parts),
    },
    {
      provide: DeviceMessages,
      inject: [Bus, Database, DEVICES, DeviceRepository, DevicePresenceRepository, LOGGER],
      useFactory: (...parts: ConstructorParameters<typeof DeviceMessages>) => new DeviceMessages(...parts),
    },
    {
      provide: PolicyCalls,
      inject: [DEVICES, Database, Bus],
      useFactory: (...parts: ConstructorParameters<typeof PolicyCalls>) => new PolicyCalls(...parts),
    },
    {
      provide: Inventories,
      inject: [DEVICES, Membership, DeviceHardwareRepository],
      useFactory: (...parts: ConstructorParameters<typeof Inventories>) => new Inventories(...parts),
    },
    {
      provide: Enrolments,
      inject: [DEVICES, DeviceRepository, DeviceHardwareRepository, Membership, Adoption, EventLog, CONFIG],
      useFactory: (
        devices: ResourceStore<DeviceSpec, DeviceStatus>,
        repository: DeviceRepository,
        hardware: DeviceHardwareRepository,
        membership: Membership,
        adoption: Adoption,
        log: EventLog,
        { MUSTER_REINSTALLED_COMPUTERS: reinstalled }: DeploymentConfig,
      ) => new Enrolments(devices, repository, hardware, membership, adoption, log, reinstalled),
    },
    {
      provide: ReinstalledComputers,
      inject: [DEVICES, DeviceHardwareRepository, Membership, Adoption, EventLog, Database],
      useFactory: (...parts: ConstructorParameters<typeof ReinstalledComputers>) => new ReinstalledComputers(...parts),
    },
    {
      provide: UnknownComputers,
      inject: [DEVICES, DeviceRepository, Membership, Adoption, EventLog],
      useFactory: (...parts: ConstructorParameters<typeof UnknownComputers>) => new UnknownComputers(...parts),
    },
    {
      provide: SilentDevices,
      inject: [DEVICES, DevicePresenceRepository, Database, CONFIG, LOGGER],
      useFactory: (
        devices: ResourceStore<DeviceSpec, DeviceStatus>,
        repository: DevicePresenceRepository,
        database: Database,
        { MUSTER_UNKNOWN_COMPUTER_DAYS: unknown, MUSTER_OBSOLETE_DEVICE_DAYS: obsolete }: DeploymentConfig,
        logger: Logger,
      ) => new SilentDevices(devices, repository, database, { unknown, obsolete }, logger),
    },
  ],
  exports: [DEVICES, Enrolments, Inventories, DeviceSoftwareRecords, DeviceSightings, UnknownComputers],
})
export class DevicesModule {}
