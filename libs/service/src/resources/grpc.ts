import type { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { Controller, Inject, type Type } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { commentSchema } from '@muster/contracts/kinds/sequence-revision.js';
import { folderSchema, type Kind, type Metadata, type Resource } from '@muster/contracts/resource.js';
import { Bus } from '@muster/messaging/bus.js';
import { OutboxRelay } from '@muster/messaging/relay.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError, parseDocument } from '@muster/platform/errors.js';
import { filter, map, type Observable } from 'rxjs';
import { grpcPrincipal } from '../auth/grpc-authentication.js';
import { actorName } from '../auth/principal.js';
import { ignoresLockInGrpc } from './ignore-lock.js';
import { parseLabelSelector } from './label-selector.js';
import { fromStruct, toStruct, type ProtobufStruct } from './protobuf-json.js';
import type { ResourceStore } from './resource-store.js';
import { watchResources } from './resource-watch.js';

/** A resource as its protobuf message. */
export interface ResourceMessage {
  apiVersion?: string;
  kind?: string;
  metadata?: Partial<Metadata>;
  spec?: ProtobufStruct;
  status?: ProtobufStruct;
}

interface WriteRequest {
  resource?: ResourceMessage;
  dryRun?: boolean;
  ifMatch?: string;
  createOnly?: boolean;
  comment?: string;
}

export function toMessage(resource: Resource): ResourceMessage {
  return { ...resource, spec: toStruct(resource.spec as object), status: toStruct(resource.status as object) };
}

/** The document of a message: what the REST door would have received. */
export function fromMessage(message: ResourceMessage | undefined): Record<string, unknown> {
  const { spec, status, metadata, ...rest } = message ?? {};
  return {
    ...rest,
    ...(metadata === undefined ? {} : { metadata: withoutEmpty(metadata) }),
    ...(spec === undefined || spec === null ? {} : { spec: fromStruct(spec) }),
    ...(status === undefined || status === null ? {} : { status: fromStruct(status) }),
  };
}

/** Proto3 has no absent scalar but an optional one; an empty map is an absent one. */
function withoutEmpty(metadata: Partial<Metadata>): Partial<Metadata> {
  return Object.fromEntries(
    Object.entries(metadata).filter(
      ([key, value]) => value !== undefined && value !== null && !(key === 'labels' && Object.keys(value).length === 0),
    ),
  );
}

/** The comment of a request, if it has one. Throws MusterError `document.invalid`. */
export function commentOf({ comment }: { comment?: string }): string | undefined {
  return comment === undefined ? undefined : parseDocument(commentSchema, comment, 'The comment');
}

/** The gRPC door of one kind: service `muster.<service>.v1.<Kind>Service`. */
export function grpcController(kind: Kind, token: symbol): Type<unknown> {
  const service = `${kind.kind}Service`;

  @Controller()
  class ResourceGrpcController {
    constructor(
      @Inject(token) readonly store: ResourceStore<unknown, unknown>,
      @Inject(Database) readonly database: Database,
      @Inject(OutboxRelay) readonly relay: OutboxRelay,
      @Inject(Bus) readonly bus: Bus,
    ) {}

    @GrpcMethod(service, 'Get')
    async get(request: { name?: string }): Promise<ResourceMessage> {
      return toMessage(await this.store.get(request.name ?? ''));
    }

    @GrpcMethod(service, 'List')
    async list(request: { pageSize?: number; continue?: string; labelSelector?: string; folder?: string }) {
      const limit = request.pageSize ?? 100;
      if (limit < 1 || limit > 500)
        throw new MusterError('invalid', 'request.page-size', 'page_size must be from 1 to 500');
      const page = await this.store.list({
        limit,
        continue: request.continue,
        labels: parseLabelSelector(request.labelSelector),
        folder: request.folder === undefined ? undefined : parseDocument(folderSchema, request.folder, 'The folder'),
      });
      return { ...page, items: page.items.map(toMessage) };
    }

    @GrpcMethod(service, 'Watch')
    watch(request: { name?: string }): Observable<{ type: string; resource: ResourceMessage }> {
      return watchResources(this.store, this.database, this.relay, this.bus, { name: request.name }).pipe(
        filter((event) => event.type !== 'listed'),
        map(({ type, resource }) => ({ type, resource: toMessage(resource) })),
      );
    }
  }

  class WritableGrpcController extends ResourceGrpcController {
    @GrpcMethod(service, 'Apply')
    async apply(request: WriteRequest, metadata: GrpcMetadata): Promise<ResourceMessage> {
      const input = await this.store.parse(fromMessage(request.resource), `The ${kind.kind}`);
      const { resource } = await this.store.apply(input, {
        actor: actorName(grpcPrincipal(metadata)),
        dryRun: request.dryRun ?? false,
        createOnly: request.createOnly ?? false,
        ifMatch: request.ifMatch,
        ignoreLock: ignoresLockInGrpc(metadata),
        comment: kind.keepsRevisions ? commentOf(request) : undefined,
      });
      return toMessage(resource);
    }
  }

  class DeletableGrpcController extends (kind.verbs.includes('apply')
    ? WritableGrpcController
    : ResourceGrpcController) {
    @GrpcMethod(service, 'Delete')
    async remove(
      request: { name?: string; dryRun?: boolean; ifMatch?: string; force?: boolean },
      metadata: GrpcMetadata,
    ): Promise<ResourceMessage> {
      return toMessage(
        await this.store.remove(request.name ?? '', {
          actor: actorName(grpcPrincipal(metadata)),
          dryRun: request.dryRun ?? false,
          force: request.force ?? false,
          ifMatch: request.ifMatch,
          ignoreLock: ignoresLockInGrpc(metadata),
        }),
      );
    }
  }

  const chosen = kind.verbs.includes('delete')
    ? DeletableGrpcController
    : kind.verbs.includes('apply')
      ? WritableGrpcController
      : ResourceGrpcController;
  for (const key of Reflect.getMetadataKeys(ResourceGrpcController) as unknown[]) {
    if (chosen !== ResourceGrpcController && key !== 'design:paramtypes') {
      Reflect.defineMetadata(key, Reflect.getMetadata(key, ResourceGrpcController), chosen);
    }
  }
  Object.defineProperty(chosen, 'name', { value: `${kind.kind}GrpcController` });
  return chosen;
}
