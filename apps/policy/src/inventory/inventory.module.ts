import { Module } from '@nestjs/common';
import { InventoryIntake } from './inventory-intake.service.js';
import { InventoryController } from './inventory.controller.js';

@Module({ controllers: [InventoryController], providers: [InventoryIntake] })
export class InventoryModule {}
