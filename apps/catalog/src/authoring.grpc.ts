import type { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { sequenceFromTemplateSchema, type SequenceTemplateList } from '@muster/contracts/kinds/sequence-template.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { sequencePatchSchema } from '@muster/sequence/edit/patch-model.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { commentOf, fromMessage, type ResourceMessage, toMessage } from '@muster/service/resources/grpc.js';
import { ignoresLockInGrpc } from '@muster/service/resources/ignore-lock.js';
import { fromStruct, type ProtobufStruct, toStruct } from '@muster/service/resources/protobuf-json.js';
import type { WriteOptions } from '@muster/service/resources/resource-rules.js';
import { EditingService } from './editing/editing.service.js';
import { pageSize } from '@muster/service/resources/paging.js';
import { revisionNumberSchema } from './revisions/revisions.controller.js';
import { RevisionsService } from './revisions/revisions.service.js';
import { searchTextSchema, usedSchema } from './search/search.controller.js';
import { SearchService } from './search/search.service.js';
import { TemplatesService } from './templates/templates.service.js';

const SERVICE = 'TaskSequenceAuthoringService';

interface Page {
  pageSize?: number;
  continue?: string;
}
interface Change {
  dryRun?: boolean;
  ifMatch?: string;
  comment?: string;
}

/** The gRPC door of authoring: the same answers as over REST. */
@Controller()
export class AuthoringGrpcController {
  constructor(
    @Inject(RevisionsService) private readonly revisions: RevisionsService,
    @Inject(EditingService) private readonly editing: EditingService,
    @Inject(SearchService) private readonly searching: SearchService,
    @Inject(TemplatesService) private readonly templates: TemplatesService,
  ) {}

  @GrpcMethod(SERVICE, 'ListRevisions')
  async listRevisions(request: { name?: string } & Page): Promise<object> {
    return this.revisions.list(nameOf(request), pageOf(request));
  }

  @GrpcMethod(SERVICE, 'GetRevision')
  async getRevision(request: { name?: string; revision?: number }): Promise<object> {
    const found = await this.revisions.get(nameOf(request), revisionOf(request.revision));
    return { ...found, spec: toStruct(found.spec) };
  }

  @GrpcMethod(SERVICE, 'CompareRevisions')
  async compareRevisions(request: { name?: string; revision?: number; with?: number }): Promise<object> {
    const other = request.with === undefined ? undefined : revisionOf(request.with);
    const found = await this.revisions.compare(nameOf(request), revisionOf(request.revision), other);
    return { ...found, difference: toStruct(found.difference) };
  }

  @GrpcMethod(SERVICE, 'RestoreRevision')
  async restoreRevision(
    request: { name?: string; revision?: number } & Change,
    metadata: GrpcMetadata,
  ): Promise<ResourceMessage> {
    const revision = revisionOf(request.revision);
    return toMessage(await this.revisions.restore(nameOf(request), revision, optionsOf(request, metadata)));
  }

  @GrpcMethod(SERVICE, 'Patch')
  async patch(
    request: { name?: string; patch?: ProtobufStruct } & Change,
    metadata: GrpcMetadata,
  ): Promise<ResourceMessage> {
    const patch = parseDocument(sequencePatchSchema, fromStruct(request.patch), 'The patch');
    return toMessage(await this.editing.patch(nameOf(request), patch, optionsOf(request, metadata)));
  }

  @GrpcMethod(SERVICE, 'ListReferences')
  async listReferences(request: { name?: string } & Page): Promise<object> {
    return this.searching.references(nameOf(request), pageOf(request));
  }

  @GrpcMethod(SERVICE, 'ListUses')
  async listUses(request: { kind?: string; name?: string } & Page): Promise<object> {
    const { kind, name } = parseDocument(usedSchema, { kind: request.kind, name: request.name }, 'The request');
    return this.searching.uses(kind, name, pageOf(request));
  }

  @GrpcMethod(SERVICE, 'Search')
  async search(request: { text?: string } & Page): Promise<object> {
    const limit = pageSize(request.pageSize ?? 20, 100);
    const text = parseDocument(searchTextSchema, request.text, 'The text');
    return this.searching.search(text, { limit, continue: request.continue });
  }

  @GrpcMethod(SERVICE, 'ListTemplates')
  listTemplates(): SequenceTemplateList {
    return this.templates.list();
  }

  @GrpcMethod(SERVICE, 'CreateFromTemplate')
  async createFromTemplate(
    request: {
      template?: string;
      metadata?: ResourceMessage['metadata'];
      parameters?: ProtobufStruct;
    } & Change,
    metadata: GrpcMetadata,
  ): Promise<ResourceMessage> {
    const { metadata: named = {} } = fromMessage({ metadata: request.metadata ?? {} });
    const document = { metadata: named, parameters: fromStruct(request.parameters) };
    const wanted = parseDocument(sequenceFromTemplateSchema, document, 'The request');
    return toMessage(await this.templates.create(request.template ?? '', wanted, optionsOf(request, metadata)));
  }
}

function pageOf(request: Page): { limit: number; continue: string | undefined } {
  return { limit: pageSize(request.pageSize), continue: request.continue };
}

function nameOf({ name }: { name?: string }): string {
  return parseDocument(nameSchema, name, 'The name');
}

function revisionOf(revision: number | undefined): number {
  return parseDocument(revisionNumberSchema, revision, 'The revision');
}

function optionsOf(request: Change, metadata: GrpcMetadata): WriteOptions {
  return {
    actor: actorName(grpcPrincipal(metadata)),
    dryRun: request.dryRun ?? false,
    ifMatch: request.ifMatch,
    ignoreLock: ignoresLockInGrpc(metadata),
    comment: commentOf(request),
  };
}
