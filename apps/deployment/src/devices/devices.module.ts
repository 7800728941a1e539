import { Module } from '@nestjs/common';
import { device, type DeviceSpec, type DeviceStatus } from '@muster/contracts/kinds/device.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { grpcController } from '@muster/service/resources/grpc.js';
import { LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { ResourceStore } from '@muster/service/resources/resource-store.js';
import { restController } from '@muster/service/resources/rest.js';
import { EventLog } from '../events/event-log.js';
import { Membership } from '../membership/membership.js';
import { MembershipModule } from '../membership/membership.module.js';
import { Variables } from '../variables/variables.service.js';
import { VariablesModule } from '../variables/variables.module.js';
import { DeviceMessages } from './device.messages.js';
import { DeviceGrpcController } from './device.grpc.js';
import { DeviceHardwareRepository } from './device-hardware.repository.js';
import { DeviceImportController } from './device-import.controller.js';
import { DeviceImport } from './device-import.service.js';
import { DeviceRepository } from './device.repository.js';
import { deviceRules } from './device.rules.js';
import { Enrolments } from './enrolment.js';
import { Inventories } from './inventory.js';

const DEVICES = Symbol('devices');

@Module({
  imports: [MembershipModule, VariablesModule],
  controllers: [
    DeviceImportController,
    DeviceGrpcController,
    restController(device, DEVICES),
    grpcController(device, DEVICES),
  ],
  providers: [
    {
      provide: DEVICES,
      inject: [Database, Outbox, Membership, Variables, DeviceHardwareRepository, EventLog],
      useFactory: (
        database: Database,
        outbox: Outbox,
        membership: Membership,
        variables: Variables,
        hardware: DeviceHardwareRepository,
        events: EventLog,
      ) => new ResourceStore(device, 'device', database, outbox, deviceRules(membership, variables, hardware, events)),
    },
    { provide: DeviceHardwareRepository, useFactory: () => new DeviceHardwareRepository() },
    {
      provide: DeviceImport,
      inject: [DEVICES, DeviceHardwareRepository, Membership, Variables, Database, Outbox],
      useFactory: (
        ...[devices, hardware, membership, variables, database, outbox]: ConstructorParameters<typeof DeviceImport>
      ) => new DeviceImport(devices, hardware, membership, variables, database, outbox),
    },
    { provide: DeviceRepository, useFactory: () => new DeviceRepository() },
    {
      provide: DeviceMessages,
      inject: [Bus, Database, DEVICES, DeviceRepository, LOGGER],
      useFactory: (
        bus: Bus,
        database: Database,
        devices: ResourceStore<DeviceSpec, DeviceStatus>,
        repository: DeviceRepository,
        logger: Logger,
      ) => new DeviceMessages(bus, database, devices, repository, logger),
    },
    {
      provide: Inventories,
      inject: [DEVICES, Membership, DeviceHardwareRepository],
      useFactory: (...[devices, membership, hardware]: ConstructorParameters<typeof Inventories>) =>
        new Inventories(devices, membership, hardware),
    },
    {
      provide: Enrolments,
      inject: [DEVICES, DeviceRepository, DeviceHardwareRepository, Membership, Variables, Outbox, EventLog],
      useFactory: (
        ...[devices, repository, hardware, membership, variables, outbox, events]: ConstructorParameters<
          typeof Enrolments
        >
      ) => new Enrolments(devices, repository, hardware, membership, variables, outbox, events),
    },
  ],
  exports: [Enrolments, Inventories],
})
export class DevicesModule {}
