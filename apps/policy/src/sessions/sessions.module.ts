import { Module } from '@nestjs/common';
import { DevicesModule } from '../devices/devices.module.js';
import { LiveModule } from '../live/live.module.js';
import { SightingsModule } from '../sightings/sightings.module.js';
import { VariablesModule } from '../variables/variables.module.js';
import { DeviceAuthenticator } from './device-authenticator.js';
import { SessionController } from './session.controller.js';
import { SessionRepository } from './session.repository.js';
import { Sessions } from './sessions.service.js';

@Module({
  imports: [DevicesModule, LiveModule, SightingsModule, VariablesModule],
  controllers: [SessionController],
  providers: [SessionRepository, Sessions, DeviceAuthenticator],
  exports: [DeviceAuthenticator],
})
export class SessionsModule {}
