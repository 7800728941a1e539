import type { Metadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import {
  deviceAccessRequestSchema,
  type DeviceAccessAction,
  deviceMergeRequestSchema,
} from '@muster/contracts/kinds/device-access.js';
import { devicesByStateQuerySchema } from '@muster/contracts/kinds/device-list.js';
import { deviceSummaryQuerySchema } from '@muster/contracts/kinds/device-summary.js';
import { deviceImportRequestSchema, type DeviceImportResult } from '@muster/contracts/kinds/device-import.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { pageSize } from '@muster/service/resources/paging.js';
import { toMessage, type ResourceMessage } from '@muster/service/resources/grpc.js';
import { fromStruct, toStruct, type ProtobufStruct } from '@muster/service/resources/protobuf-json.js';
import type { DeviceSoftware } from '@muster/contracts/kinds/device-software.js';
import { DeviceSoftwareRecords } from '../software/device-software.service.js';
import { DeviceSummaries } from './device-summaries.js';
import { DeviceAccessDecisions } from './device-access.service.js';
import { DevicesByState } from './devices-by-state.js';
import { DeviceImport } from './device-import.service.js';
import { ReinstalledComputers } from './reinstalled-computers.service.js';
import { PolicyCalls } from './policy-calls.js';

interface AccessRequest {
  name?: string;
  reason?: string | null;
  dryRun?: boolean | null;
}

/** The gRPC door of what can be done with devices besides reading and writing them. */
@Controller()
export class DeviceGrpcController {
  constructor(
    @Inject(DeviceImport) private readonly devices: DeviceImport,
    @Inject(DeviceAccessDecisions) private readonly decisions: DeviceAccessDecisions,
    @Inject(DevicesByState) private readonly byState: DevicesByState,
    @Inject(ReinstalledComputers) private readonly reinstalled: ReinstalledComputers,
    @Inject(PolicyCalls) private readonly calls: PolicyCalls,
    @Inject(DeviceSoftwareRecords) private readonly software: DeviceSoftwareRecords,
    @Inject(DeviceSummaries) private readonly summaries: DeviceSummaries,
  ) {}

  @GrpcMethod('DeviceLifeService', 'ReadDeviceSoftware')
  async readSoftware(request: { name?: string }): Promise<DeviceSoftware> {
    return this.software.read(parseDocument(nameSchema, request.name, 'The name'));
  }

  @GrpcMethod('DeviceLifeService', 'RotateDeviceKey')
  async rotateKey(request: { name?: string }, metadata: Metadata): Promise<ResourceMessage> {
    const name = parseDocument(nameSchema, request.name, 'The name');
    return toMessage(await this.decisions.askForKey(name, actorName(grpcPrincipal(metadata))));
  }

  @GrpcMethod('DeviceLifeService', 'RetrieveDevicePolicy')
  async retrievePolicy(request: { name?: string }, metadata: Metadata): Promise<ResourceMessage> {
    const name = parseDocument(nameSchema, request.name, 'The name');
    return toMessage(await this.calls.call(name, actorName(grpcPrincipal(metadata))));
  }

  @GrpcMethod('DeviceLifeService', 'ListDevicesByState')
  async listByState(request: {
    state?: string;
    silentDays?: number;
    online?: boolean | null;
    active?: boolean | null;
    pageSize?: number;
    continue?: string;
  }) {
    const { state, silentDays, online, active } = request;
    const query = parseDocument(
      devicesByStateQuerySchema,
      {
        state: state ?? undefined,
        silentDays: silentDays ?? undefined,
        online: online?.toString(),
        active: active?.toString(),
        limit: pageSize(request.pageSize),
        continue: request.continue ?? undefined,
      },
      'The request',
    );
    const page = await this.byState.list(query);
    return { ...page, items: page.items.map(toMessage) };
  }

  @GrpcMethod('DeviceLifeService', 'SummariseDevices')
  async summarise(request: { collection?: string | null }): Promise<{ summary: ProtobufStruct }> {
    const query = { collection: request.collection ?? undefined };
    const { collection } = parseDocument(deviceSummaryQuerySchema, query, 'The request');
    return { summary: toStruct(await this.summaries.read(collection)) };
  }

  @GrpcMethod('DeviceLifeService', 'ApproveDevice')
  async approve(request: AccessRequest, metadata: Metadata): Promise<ResourceMessage> {
    return this.decide('approve', request, metadata);
  }

  @GrpcMethod('DeviceLifeService', 'BlockDevice')
  async block(request: AccessRequest, metadata: Metadata): Promise<ResourceMessage> {
    return this.decide('block', request, metadata);
  }

  @GrpcMethod('DeviceLifeService', 'UnblockDevice')
  async unblock(request: AccessRequest, metadata: Metadata): Promise<ResourceMessage> {
    return this.decide('unblock', request, metadata);
  }

  @GrpcMethod('DeviceLifeService', 'MergeDevice')
  async merge(request: AccessRequest & { into?: string | null }, metadata: Metadata): Promise<ResourceMessage> {
    const { name, into, wish } = mergeOf(request, metadata);
    return toMessage(await this.reinstalled.merge(name, into, wish));
  }

  @GrpcMethod('DeviceLifeService', 'SeparateDevice')
  async separate(request: AccessRequest, metadata: Metadata): Promise<ResourceMessage> {
    const { name, wish } = mergeOf(request, metadata);
    return toMessage(await this.reinstalled.separate(name, wish));
  }

  @GrpcMethod('DeviceLifeService', 'ImportDevices')
  async importDevices(
    request: { request?: ProtobufStruct; dryRun?: boolean | null },
    metadata: Metadata,
  ): Promise<{ result: ProtobufStruct }> {
    const { devices } = parseDocument(deviceImportRequestSchema, fromStruct(request.request), 'The request');
    const result: DeviceImportResult = await this.devices.take(devices, {
      actor: actorName(grpcPrincipal(metadata)),
      dryRun: request.dryRun ?? false,
    });
    return { result: toStruct(result) };
  }

  private async decide(action: DeviceAccessAction, request: AccessRequest, metadata: Metadata) {
    const name = parseDocument(nameSchema, request.name, 'The name');
    const wish = parseDocument(deviceAccessRequestSchema, { reason: request.reason ?? undefined }, 'The request');
    return toMessage(
      await this.decisions.decide(name, action, {
        actor: actorName(grpcPrincipal(metadata)),
        reason: wish.reason,
        dryRun: request.dryRun ?? false,
      }),
    );
  }
}

function mergeOf(
  { name, into, reason, dryRun }: AccessRequest & { into?: string | null },
  metadata: Metadata,
): { name: string; into: string | undefined; wish: { actor: string; reason: string | undefined; dryRun: boolean } } {
  const wish = parseDocument(
    deviceMergeRequestSchema,
    { ...(into ? { into } : {}), ...(reason ? { reason } : {}) },
    'The request',
  );
  return {
    name: parseDocument(nameSchema, name, 'The name'),
    into: wish.into,
    wish: { actor: actorName(grpcPrincipal(metadata)), reason: wish.reason, dryRun: dryRun ?? false },
  };
}
