import { createHash } from 'node:crypto';
import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Inject,
  Param,
  Post,
  Put,
  Query,
  Req,
  Res,
  type Type,
  UseInterceptors,
} from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { canonicalJson } from '@muster/contracts/digest.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { commentSchema } from '@muster/contracts/kinds/sequence-revision.js';
import { folderSchema, nameSchema, type Kind, type Resource, type ResourceInput } from '@muster/contracts/resource.js';
import { Bus } from '@muster/messaging/bus.js';
import { OutboxRelay } from '@muster/messaging/relay.js';
import { Database } from '@muster/persistence/database.js';
import { canReadOnFrom } from '@muster/persistence/outbox.js';
import { MusterError } from '@muster/platform/errors.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { actorName } from '../auth/principal.js';
import { principalOf } from '../auth/http-authentication.js';
import { everyFinding } from './every-finding.js';
import type { IdempotentRequest } from './idempotency.repository.js';
import { ignoresLock } from './ignore-lock.js';
import { parseLabelSelector } from './label-selector.js';
import type { ResourceStore } from './resource-store.js';
import { watchResources } from './resource-watch.js';
import { streamEvents } from './server-sent-events.js';

export const listQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).optional().describe('Objects per page, default 100'),
  continue: z.string().max(200).optional().describe('From metadata.continue of the page before'),
  labelSelector: z.string().max(1000).optional().describe('name=value, comma separated: all must match'),
  folder: folderSchema.optional().describe('Only what is directly in this folder; not with watch'),
  watch: z
    .stringbool()
    .optional()
    .describe('true: a stream of server-sent events, first all objects, then every change'),
  name: nameSchema.optional().describe('With watch: only this object'),
});
export const writeQuerySchema = z.strictObject({
  dryRun: z.stringbool().optional().describe('true: check and decide everything, keep nothing'),
});
const guardedDeleteQuerySchema = z.strictObject({
  ...writeQuerySchema.shape,
  force: z.stringbool().optional().describe('true: although something still uses it'),
});
const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'an Idempotency-Key has 1 to 200 visible ASCII characters');

const commentedWriteQuerySchema = z.strictObject({ ...writeQuerySchema.shape, comment: commentSchema.optional() });
/** What a write may say beside its document. */
type WriteQuery = z.infer<typeof commentedWriteQuerySchema>;

/** What a deletion may say. */
type DeleteQuery = z.infer<typeof guardedDeleteQuerySchema>;

type AnyStore = ResourceStore<unknown, unknown>;

/**
 * The REST door of one kind: the same five routes for each, from the kind's own schemas.
 *
 * @param token the provider of the kind's ResourceStore
 */
export function restController(kind: Kind, token: symbol): Type<unknown> {
  const writable = kind.verbs.includes('apply');
  const deletable = kind.verbs.includes('delete');
  const querySchema: z.ZodType<WriteQuery> = kind.keepsRevisions ? commentedWriteQuerySchema : writeQuerySchema;

  const deleteQuerySchema: z.ZodType<DeleteQuery> = kind.guardsUses ? guardedDeleteQuerySchema : writeQuerySchema;

  @ApiTags(kind.kind)
  @ApiBearerAuth()
  @ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
  @Controller(`api/v1/${kind.plural}`)
  class ResourceController {
    constructor(
      @Inject(token) readonly store: AnyStore,
      @Inject(Database) readonly database: Database,
      @Inject(OutboxRelay) readonly relay: OutboxRelay,
      @Inject(Bus) readonly bus: Bus,
    ) {}

    @Get()
    @ApiOperation({ operationId: `list${kind.kind}`, summary: `Lists or watches ${kind.plural}` })
    @ApiResponse({ status: 200, standardSchema: kind.list })
    async list(
      @Query({ schema: listQuerySchema }) query: z.infer<typeof listQuerySchema>,
      @Req() request: FastifyRequest,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<Buffer | void> {
      if (!query.watch) {
        const listing = await this.store.listJson({
          limit: query.limit ?? 100,
          continue: query.continue,
          labels: parseLabelSelector(query.labelSelector),
          folder: query.folder,
        });
        void reply.type('application/json; charset=utf-8');
        return listing;
      }
      if (query.folder !== undefined) {
        throw new MusterError(
          'invalid',
          'request.invalid',
          'A watch follows all folders. Leave folder away, or watch away',
        );
      }
      const last = Number(request.headers['last-event-id']);
      const after = Number.isSafeInteger(last) && last > 0 ? last : undefined;
      if (after !== undefined && !(await canReadOnFrom(this.database, after))) {
        throw new MusterError(
          'conflict',
          'request.watch-too-old',
          'What happened since this Last-Event-ID is not kept any more. Watch again without it: the listing comes first',
        );
      }
      const events = watchResources(this.store, this.database, this.relay, this.bus, {
        name: query.name,
        labels: parseLabelSelector(query.labelSelector),
        after,
      });
      streamEvents(request, reply, events, (event) => ({
        // Only behind the listing is a position one to go on from.
        id: event.type === 'existing' ? undefined : String(event.position),
        event: event.type,
        data: event.type === 'listed' ? {} : event.resource,
      }));
    }

    @Get(':name')
    @ApiOperation({ operationId: `get${kind.kind}`, summary: `Reads one ${kind.kind}` })
    @ApiResponse({ status: 200, standardSchema: kind.resource })
    async get(
      @Param('name', { schema: nameSchema }) name: string,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<Resource> {
      const resource = await this.store.get(name);
      void reply.header('ETag', etag(resource));
      return resource;
    }
  }

  /** Routes that only writable kinds have, added as decorated methods of a subclass. */
  const EveryFinding = everyFinding(token);

  class WritableController extends ResourceController {
    @Post()
    @UseInterceptors(EveryFinding)
    @HttpCode(201)
    @ApiOperation({
      operationId: `create${kind.kind}`,
      summary: `Creates a ${kind.kind}; refused when the name exists`,
    })
    @ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'Repeating the request with the same key repeats the answer, not the deed',
    })
    @ApiQuery({ name: 'dryRun', required: false, schema: { type: 'boolean' } })
    @ApiResponse({ status: 201, standardSchema: kind.resource })
    async create(
      @Body({ schema: kind.input }) input: ResourceInput,
      @Query({ schema: querySchema }) query: WriteQuery,
      @Req() request: FastifyRequest,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<Resource> {
      const actor = actorName(principalOf(request));
      const { resource } = await this.store.apply(input, {
        actor,
        createOnly: true,
        dryRun: query.dryRun ?? false,
        idempotency: idempotencyOf(request, actor, kind.plural, {
          ...input,
          // Even the digest of a secret would tell it to whoever can guess.
          spec: kind.withoutSecrets ? kind.withoutSecrets(input.spec) : input.spec,
        }),
        comment: query.comment,
      });
      void reply.header('ETag', etag(resource)).header('Location', `/api/v1/${kind.plural}/${resource.metadata.name}`);
      return resource;
    }

    @Put(':name')
    @UseInterceptors(EveryFinding)
    @ApiOperation({ operationId: `apply${kind.kind}`, summary: `Creates or replaces a ${kind.kind}` })
    @ApiHeader({ name: 'If-Match', required: false, description: 'ETag that must still be current' })
    @ApiQuery({ name: 'dryRun', required: false, schema: { type: 'boolean' } })
    @ApiResponse({ status: 200, standardSchema: kind.resource })
    @ApiResponse({ status: 201, standardSchema: kind.resource })
    async apply(
      @Param('name', { schema: nameSchema }) name: string,
      @Body({ schema: kind.input }) input: ResourceInput,
      @Query({ schema: querySchema }) query: WriteQuery,
      @Req() request: FastifyRequest,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<Resource> {
      if (input.metadata.name !== name) {
        throw new MusterError(
          'invalid',
          'resource.name-mismatch',
          `The address says "${name}", metadata.name says "${input.metadata.name}". They must be the same`,
        );
      }
      const { resource, created } = await this.store.apply(input, {
        actor: actorName(principalOf(request)),
        dryRun: query.dryRun ?? false,
        ifMatch: ifMatchOf(request),
        ignoreLock: ignoresLock(request.headers),
        comment: query.comment,
      });
      void reply.status(created ? 201 : 200).header('ETag', etag(resource));
      return resource;
    }
  }

  class DeletableController extends (writable ? WritableController : ResourceController) {
    @Delete(':name')
    @Header('Cache-Control', 'no-store')
    @ApiOperation({ operationId: `delete${kind.kind}`, summary: `Deletes a ${kind.kind}; answers what it was` })
    @ApiHeader({ name: 'If-Match', required: false, description: 'ETag that must still be current' })
    @ApiQuery({ name: 'dryRun', required: false, schema: { type: 'boolean' } })
    @ApiResponse({ status: 200, standardSchema: kind.resource })
    async remove(
      @Param('name', { schema: nameSchema }) name: string,
      @Query({ schema: deleteQuerySchema }) query: DeleteQuery,
      @Req() request: FastifyRequest,
    ): Promise<Resource> {
      return this.store.remove(name, {
        actor: actorName(principalOf(request)),
        dryRun: query.dryRun ?? false,
        force: query.force ?? false,
        ifMatch: ifMatchOf(request),
        ignoreLock: ignoresLock(request.headers),
      });
    }
  }

  const chosen = deletable ? DeletableController : writable ? WritableController : ResourceController;
  // Nest reads route metadata of the class it is given; subclasses inherit methods but not the class metadata.
  for (const key of Reflect.getMetadataKeys(ResourceController) as unknown[]) {
    if (key === 'design:paramtypes' || chosen === ResourceController) continue;
    Reflect.defineMetadata(key, Reflect.getMetadata(key, ResourceController), chosen);
  }
  Object.defineProperty(chosen, 'name', { value: `${kind.kind}Controller` });
  return chosen;
}

/** The ETag of a resource. */
export function etag(resource: Resource): string {
  return `"${resource.metadata.resourceVersion}"`;
}

/** The resourceVersion of the `If-Match` header. */
export function ifMatchOf(request: FastifyRequest): string | undefined {
  const header = request.headers['if-match'];
  return header === undefined || header === '*' ? undefined : header.replace(/^W\//, '').replaceAll('"', '');
}

/**
 * The `Idempotency-Key` of a request, with a digest of what it asks for.
 *
 * @param scope keys of different scopes are different keys
 * @throws MusterError `request.idempotency-key`
 */
export function idempotencyOf(
  request: FastifyRequest,
  actor: string,
  scope: string,
  input: unknown,
): IdempotentRequest | undefined {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return undefined;
  const key = idempotencyKeySchema.safeParse(header);
  if (!key.success)
    throw new MusterError(
      'invalid',
      'request.idempotency-key',
      'Idempotency-Key: 1 to 200 visible ASCII characters are expected',
    );
  return {
    actor,
    key: `${scope}:${key.data}`,
    requestSha256: createHash('sha256').update(canonicalJson(input)).digest('hex'),
  };
}
