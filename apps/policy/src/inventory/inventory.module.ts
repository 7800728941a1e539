import { Module } from '@nestjs/common';
import { InventoryIntake } from './inventory-intake.service.js';
import { InventoryController } from './inventory.controller.js';
import { SoftwareController } from './software.controller.js';

@Module({ controllers: [InventoryController, SoftwareController], providers: [InventoryIntake] })
export class InventoryModule {}
