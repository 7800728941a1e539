import { z } from 'zod';
import type { ServiceName } from './resource.js';

/**
 * Subjects are built, never typed by hand, and go from wide to narrow:
 * `muster.evt.<producer>.v1.<fact>.<site>` for facts, `muster.req.<owner>.v1.<question>.<site>` for questions,
 * `muster.work.<owner>.v1.<work>.<site>` for the tickets of a work queue.
 */
export interface EventDefinition<Payload> {
  readonly producer: ServiceName;
  readonly fact: string;
  readonly version: 1;
  readonly payload: z.ZodType<Payload>;
  subject(at: { site: string }): string;
}

/** A fact that a service publishes through its outbox. */
export function defineEvent<Payload>(
  producer: ServiceName,
  fact: string,
  payload: z.ZodType<Payload>,
): EventDefinition<Payload> {
  return {
    producer,
    fact,
    version: 1,
    payload,
    subject: ({ site }) => `muster.evt.${producer}.v1.${fact}.${site}`,
  };
}

export interface RequestDefinition<Question, Answer> {
  readonly owner: ServiceName;
  readonly name: string;
  readonly question: z.ZodType<Question>;
  readonly answer: z.ZodType<Answer>;
  subject(at: { site: string }): string;
}

/** A question that one service answers for the others over request/reply. */
export function defineRequest<Question, Answer>(
  owner: ServiceName,
  name: string,
  question: z.ZodType<Question>,
  answer: z.ZodType<Answer>,
): RequestDefinition<Question, Answer> {
  return {
    owner,
    name,
    question,
    answer,
    subject: ({ site }) => `muster.req.${owner}.v1.${name}.${site}`,
  };
}

/** The JetStream stream that carries one producer's facts at one site, and the subjects it binds. */
export function eventStream(producer: ServiceName, site: string): { name: string; subjects: string[] } {
  return { name: `EVT_${producer.toUpperCase()}_${site}`, subjects: [`muster.evt.${producer}.v1.*.${site}`] };
}

/**
 * The JetStream work queue in which one service hands out one kind of work to its replicas at one site, and the subject of its tickets.
 * A ticket has no content: what there is to do is in the service's database.
 */
export function workQueue(owner: ServiceName, work: string, site: string): { stream: string; subject: string } {
  return {
    stream: `WORK_${owner.toUpperCase()}_${work.toUpperCase()}_${site}`,
    subject: `muster.work.${owner}.v1.${work}.${site}`,
  };
}

const outboxEntrySchema = z.object({
  position: z.number().int().positive(),
  id: z.uuid(),
  subject: z.string(),
  payload: z.unknown(),
  traceparent: z.string().nullable(),
  occurredAt: z.string(),
});

export type OutboxEntry = z.infer<typeof outboxEntrySchema>;

/** How a consumer catches up from the producer's outbox whatever happened to the bus (invariant 1). */
export function outboxRead(producer: ServiceName) {
  return defineRequest(
    producer,
    'outbox-read',
    z.object({
      consumer: z.string(),
      after: z.number().int().nonnegative(),
      limit: z.number().int().min(1).max(1000),
    }),
    z.object({ head: z.number().int().nonnegative(), entries: z.array(outboxEntrySchema) }),
  );
}
