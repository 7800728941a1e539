import { Module } from '@nestjs/common';
import { ClientSettingsRepository } from './client-settings.repository.js';

@Module({ providers: [ClientSettingsRepository], exports: [ClientSettingsRepository] })
export class SettingsModule {}
