import { Module } from '@nestjs/common';
import { DeviceWindowsController } from './device-windows.controller.js';
import { DeviceWindowsGrpcController } from './device-windows.grpc.js';
import { DeviceWindowsRepository } from './device-windows.repository.js';
import { DeviceWindowsService } from './device-windows.service.js';

@Module({
  controllers: [DeviceWindowsController, DeviceWindowsGrpcController],
  providers: [
    { provide: DeviceWindowsRepository, useFactory: () => new DeviceWindowsRepository() },
    DeviceWindowsService,
  ],
})
export class WindowsModule {}
