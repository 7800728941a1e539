import { z } from 'zod';
import { instantSchema, uidSchema } from '../resource.js';

/** What a site tells of itself as it happens, by type. Types are added, none is renamed. */
export const EVENT_TYPES = {
  'alert.changed': 'Somebody acknowledged, postponed, closed or commented an alert',
  'alert.raised': 'A condition that people must know of came true, or came true again',
  'alert.resolved': 'The condition of an alert does not hold any more',
  'deployment.changed': 'Somebody changed a deployment',
  'deployment.created': 'Somebody made a deployment',
  'deployment.deleted': 'Somebody deleted a deployment',
  'device.approved': 'Somebody approved a device that waited for it',
  'device.blocked': 'Somebody blocked a device',
  'device.cloned': 'A computer proved the key of a device that is another computer, and was refused',
  'device.deleted': 'Somebody deleted a device',
  'device.enrolled': 'A computer became a device of the site, or enrolled again',
  'device.key-rotated': 'A device replaced its key',
  'device.known': 'A run on an unknown computer succeeded, and it is a known device now',
  'device.unblocked': 'Somebody took back the block of a device',
  'distribution.available': 'A version of some content is at all points that shall hold it',
  'distribution.failed': 'A version of some content could not be brought to a point',
  'rollout.changed': 'A rollout opened a group, waits, goes on, begins anew or is complete',
  'rollout.paused': 'A rollout paused itself because of errors, or somebody paused it',
  'run.failed': 'A run of a device ended as failed',
  'run.silent': 'A run has not ended, and nothing was heard of it for 24 hours',
  'run.succeeded': 'A run of a device ended well',
  'sequence.changed': 'Somebody changed a task sequence: it has another revision',
  'sequence.created': 'Somebody made a task sequence',
  'sequence.deleted': 'Somebody deleted a task sequence',
} as const;

export type EventType = keyof typeof EVENT_TYPES;

export const eventTypes = Object.keys(EVENT_TYPES) as EventType[];

/** `run.failed`, all of a subject as `run.*`, or everything as `*`. */
export const eventPatternSchema = z
  .string()
  .max(64)
  .refine(
    (pattern) => matchingTypes([pattern]).length > 0,
    `a type of event, all of one subject as in "run.*", or "*". Types are ${eventTypes.join(', ')}`,
  );

/** The types that any of these patterns means. Pure. */
export function matchingTypes(patterns: readonly string[]): EventType[] {
  return eventTypes.filter((type) =>
    patterns.some(
      (pattern) =>
        pattern === '*' || pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))),
    ),
  );
}

/** What an event is about. Never a secret, never the output of a step. */
export const eventDataSchema = z
  .strictObject({
    message: z.string().describe('One sentence for people'),
    actor: z.string().optional().describe('Who did it: the name of an API token; absent: the site itself'),
    alert: z.string().optional(),
    collection: z.string().optional().describe('Whose alert it is, of those of a collection'),
    deployment: z.string().optional(),
    device: z.string().optional(),
    distribution: z.string().optional(),
    point: z.string().optional().describe('The distribution point at which a distribution failed'),
    run: z.string().optional(),
    taskSequence: z.string().optional(),
    webhook: z.string().optional(),
    step: z.string().optional().describe('Path of the step that failed'),
    code: z.string().optional(),
    exitCode: z.int().optional(),
    state: z.string().optional().describe('Of an alert: the state it is in now'),
  })
  .meta({ id: 'EventData' });

/** One event, as a CloudEvent 1.0 in JSON: the same in listings, in watches and in the body of webhooks. */
export const eventSchema = z
  .strictObject({
    specversion: z.literal('1.0'),
    id: uidSchema.describe('The same however often it is told: what receivers know repetitions by'),
    source: z.string().describe('The site: /sites/S01'),
    type: z.string().describe('Such as run.failed'),
    subject: z.string().describe('The object, as its path below /api/v1: runs/run-0199f3ab12cd'),
    time: instantSchema,
    datacontenttype: z.literal('application/json'),
    sequence: z.string().describe('Grows with every event of the site; as text in the order of events'),
    data: eventDataSchema,
  })
  .meta({ id: 'Event' });

export const eventListSchema = z
  .strictObject({
    metadata: z.strictObject({ continue: z.string().optional().describe('Ask for the next page with ?continue=') }),
    items: z.array(eventSchema),
  })
  .meta({ id: 'EventList' });

export type EventData = z.infer<typeof eventDataSchema>;
export type Event = z.infer<typeof eventSchema>;
export type EventList = z.infer<typeof eventListSchema>;

/** Events are kept so long, unless the site is configured otherwise. */
export const EVENT_KEEP_DAYS = 30;
