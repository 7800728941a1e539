import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { eventListSchema, type EventList, eventPatternSchema, matchingTypes } from '@muster/contracts/kinds/event.js';
import { problemSchema } from '@muster/contracts/problem.js';
import { instantSchema } from '@muster/contracts/resource.js';
import { MusterError } from '@muster/platform/errors.js';
import { pageQuerySchema } from '@muster/service/resources/paging.js';
import { streamEvents } from '@muster/service/resources/server-sent-events.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { EventFilter } from './event.repository.js';
import { EventsService } from './events.service.js';

/** Which events people ask for, at both doors. */
export const eventFilterSchema = z.strictObject({
  types: z.array(eventPatternSchema).max(50).optional().describe('run.failed, run.*, comma separated. Default: all'),
  device: z.string().max(63).optional().describe('Only what is about this device'),
  deployment: z.string().max(63).optional().describe('Only what is about this deployment'),
});

const querySchema = pageQuerySchema.extend({
  types: z
    .string()
    .max(1000)
    .transform((text) => text.split(','))
    .pipe(eventFilterSchema.shape.types.unwrap())
    .optional(),
  device: eventFilterSchema.shape.device,
  deployment: eventFilterSchema.shape.deployment,
  since: instantSchema.optional().describe('Only what happened at this time or later'),
  watch: z
    .stringbool()
    .optional()
    .describe('true: a stream of server-sent events that goes on behind Last-Event-ID, or begins at since, or now'),
});

/** The filter that a request means. Pure. */
export function toEventFilter({ types, device, deployment }: z.infer<typeof eventFilterSchema>): EventFilter {
  return { types: matchingTypes(types ?? ['*']), device, deployment };
}

/** The REST door of what happens. */
@ApiTags('Event')
@ApiBearerAuth()
@ApiResponse({ status: 'default', description: 'Problem', standardSchema: problemSchema })
@Controller('api/v1/events')
export class EventsController {
  constructor(@Inject(EventsService) private readonly events: EventsService) {}

  @Get()
  @ApiOperation({ operationId: 'listEvents', summary: 'Lists what happened, oldest first, or watches what happens' })
  @ApiResponse({ status: 200, standardSchema: eventListSchema })
  async list(
    @Query({ schema: querySchema }) query: z.infer<typeof querySchema>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EventList | void> {
    const { since, watch, limit = 100, continue: token, ...asked } = query;
    const filter = toEventFilter(asked);
    const from = since === undefined ? undefined : new Date(since);
    if (!watch) {
      return this.events.list(filter, { since: from, limit, continue: token });
    }
    if (token !== undefined) {
      throw new MusterError(
        'invalid',
        'request.invalid',
        'A watch goes on behind Last-Event-ID. Leave continue away, or watch away',
      );
    }
    const start = await this.events.startOfWatch(lastSeen(request.headers['last-event-id']), from);
    streamEvents(request, reply, this.events.watch(filter, start), (event) => ({
      id: event.sequence,
      event: event.type,
      data: event,
    }));
  }
}

/** The position in `Last-Event-ID`; a header that is none of ours is as if it were not there. */
function lastSeen(header: string | string[] | undefined): number | undefined {
  const position = Number(header);
  return Number.isSafeInteger(position) && position > 0 ? position : undefined;
}
