import { Module } from '@nestjs/common';
import { HierarchyModule } from '../hierarchy/hierarchy.module.js';
import { AgentForwarder } from './agent-forwarder.js';
import { OwnPoints } from './own-points.service.js';
import { PrimaryDoor } from './primary-door.js';

@Module({ imports: [HierarchyModule], providers: [AgentForwarder, OwnPoints, PrimaryDoor] })
export class SecondaryModule {}
