import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { contentReferenceSchema } from '@muster/contracts/kinds/content-reference.js';
import { parseDocument } from '@muster/platform/errors.js';
import { type ProtobufStruct, toStruct } from '@muster/service/resources/protobuf-json.js';
import { sourcesQuerySchema } from './content-sources.controller.js';
import { ContentSourceFinder } from './content-sources.js';

/** The gRPC door of where a device would get content: the same answer as over REST. */
@Controller()
export class ContentSourcesGrpcController {
  constructor(@Inject(ContentSourceFinder) private readonly finder: ContentSourceFinder) {}

  @GrpcMethod('ContentSourceService', 'Explain')
  async explain(request: { kind?: string; name?: string; address?: string }): Promise<{ sources: ProtobufStruct }> {
    const { kind = 'Package', name, address } = request;
    const content = parseDocument(contentReferenceSchema, { kind, name }, 'The request');
    const query = parseDocument(sourcesQuerySchema, address === undefined ? {} : { address }, 'The request');
    return { sources: toStruct(await this.finder.find(content, query.address)) };
  }
}
