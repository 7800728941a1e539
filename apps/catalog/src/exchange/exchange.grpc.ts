import type { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import {
  exportRequestSchema,
  importRequestSchema,
  type ImportResponse,
} from '@muster/contracts/kinds/sequence-exchange.js';
import { parseDocument } from '@muster/platform/errors.js';
import { grpcPrincipal } from '@muster/service/auth/grpc-authentication.js';
import { actorName } from '@muster/service/auth/principal.js';
import { fromMessage, type ResourceMessage } from '@muster/service/resources/grpc.js';
import { toStruct } from '@muster/service/resources/protobuf-json.js';
import { ExportService } from './export.service.js';
import { ImportService } from './import.service.js';

const SERVICE = 'TaskSequenceAuthoringService';

interface SequenceMessage {
  document?: ResourceMessage;
  onDuplicate?: string;
  secrets?: Record<string, string>;
  comment?: string;
}

interface ImportMessage {
  sequences?: SequenceMessage[];
  withoutSecrets?: boolean;
  packages?: string[];
  contents?: { kind: string; name: string }[];
  dryRun?: boolean;
}

/** The gRPC door of export and import: the same answers as over REST. */
@Controller()
export class ExchangeGrpcController {
  constructor(
    @Inject(ExportService) private readonly exporting: ExportService,
    @Inject(ImportService) private readonly importing: ImportService,
  ) {}

  @GrpcMethod(SERVICE, 'Export')
  async export({ names, withDependencies }: { names?: string[]; withDependencies?: boolean }): Promise<object> {
    const request = parseDocument(exportRequestSchema, { names, withDependencies }, 'The request');
    const { sequences, ...more } = await this.exporting.export(request);
    return {
      ...more,
      sequences: sequences.map(({ document, ...one }) => ({
        ...one,
        document: { ...document, spec: toStruct(document.spec) },
      })),
    };
  }

  @GrpcMethod(SERVICE, 'Import')
  async import({ dryRun, sequences, ...more }: ImportMessage, metadata: GrpcMetadata): Promise<ImportResponse> {
    const document = {
      ...more,
      sequences: (sequences ?? []).map((one) => ({ ...one, document: fromMessage(one.document) })),
    };
    const request = parseDocument(importRequestSchema, document, 'The request');
    return this.importing.import(request, { actor: actorName(grpcPrincipal(metadata)), dryRun: dryRun ?? false });
  }
}
