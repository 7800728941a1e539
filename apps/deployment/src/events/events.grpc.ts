import { Controller, Inject } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { Event } from '@muster/contracts/kinds/event.js';
import { instantSchema } from '@muster/contracts/resource.js';
import { parseDocument } from '@muster/platform/errors.js';
import { pageSize } from '@muster/service/resources/paging.js';
import { type ProtobufStruct, toStruct } from '@muster/service/resources/protobuf-json.js';
import { from, map, mergeMap, type Observable } from 'rxjs';
import { z } from 'zod';
import { eventFilterSchema, toEventFilter } from './events.controller.js';
import { EventsService } from './events.service.js';

const listRequestSchema = eventFilterSchema.extend({ since: instantSchema.optional() });
const watchRequestSchema = listRequestSchema.extend({
  after: z
    .string()
    .regex(/^\d{1,16}$/)
    .optional(),
});

type EventMessage = Omit<Event, 'data'> & { data: ProtobufStruct };

interface Wish {
  types?: string[];
  device?: string;
  deployment?: string;
}

/** The gRPC door of what happens: the same events as over REST. */
@Controller()
export class EventsGrpcController {
  constructor(@Inject(EventsService) private readonly events: EventsService) {}

  @GrpcMethod('EventService', 'List')
  async list(request: Wish & { since?: string; pageSize?: number; continue?: string }) {
    const { pageSize: size, continue: token, ...rest } = request;
    const { since, ...asked } = parseDocument(listRequestSchema, wish(rest), 'The request');
    const page = await this.events.list(toEventFilter(asked), {
      since: since === undefined ? undefined : new Date(since),
      limit: pageSize(size),
      continue: token,
    });
    return { metadata: page.metadata, items: page.items.map(toMessage) };
  }

  @GrpcMethod('EventService', 'Watch')
  watch(request: Wish & { after?: string; since?: string }): Observable<EventMessage> {
    const { after, since, ...asked } = parseDocument(watchRequestSchema, wish(request), 'The request');
    const start = this.events.startOfWatch(
      after === undefined ? undefined : Number(after),
      since === undefined ? undefined : new Date(since),
    );
    return from(start).pipe(
      mergeMap((position) => this.events.watch(toEventFilter(asked), position)),
      map(toMessage),
    );
  }
}

/** Proto3 has no absent list: an empty one is none. */
function wish<Request extends Wish>({ types, ...rest }: Request) {
  return { ...rest, ...(types && types.length > 0 ? { types } : {}) };
}

function toMessage({ data, ...event }: Event): EventMessage {
  return { ...event, data: toStruct(data) };
}
