import { Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { ServiceName } from '@muster/contracts/resource.js';
import type { ServiceConfig } from '@muster/platform/config.js';
import type { ServiceDefinition } from './service-definition.js';
import { ServiceModule } from './service.module.js';

/** The OpenAPI 3.1 document of a service, from the schemas of its contracts. */
export function openApiDocument(app: INestApplication, service: ServiceName): OpenAPIObject {
  return SwaggerModule.createDocument(
    app,
    new DocumentBuilder()
      .setOpenAPIVersion('3.1.0')
      .setTitle(`Muster ${service}`)
      .setVersion('v1')
      .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
      .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API token: muster_…' })
      .build(),
    { autoTagControllers: false },
  );
}

/** Serves the document at /openapi.json and as a page at /docs; both ask for an API token like everything else. */
export function serveDocumentation(app: INestApplication, service: ServiceName): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app, service), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    customSiteTitle: `Muster ${service} API`,
  });
}

/** The same document without starting anything: for the committed copy and the test that guards it. */
export async function describeService<Config extends ServiceConfig>(
  definition: ServiceDefinition<Config>,
): Promise<OpenAPIObject> {
  // In a preview nothing is made, so what the modules inject has to be named, not there.
  const absent = {} as never;
  const common = ServiceModule.forRoot({
    service: definition.service,
    config: absent,
    logger: absent,
    database: absent,
    bus: absent,
    links: undefined,
    subscriptions: definition.subscriptions,
  });

  @Module({ imports: [common, ...definition.modules] })
  class DescribedModule {}

  const app = await NestFactory.create(DescribedModule, new FastifyAdapter(), {
    preview: true,
    logger: false,
    abortOnError: false,
  });
  try {
    return openApiDocument(app, definition.service);
  } finally {
    await app.close();
  }
}
