import { z } from 'zod';
import type { Kind, Resource } from '../resource.js';
import { defineEvent, type EventDefinition } from '../subjects.js';

export interface ResourceFact<Spec, Status> {
  resource: Resource<Spec, Status>;
  /** Who did it: a token name, or `system`. */
  actor: string;
}

/** The two facts of every kind: saved (created or changed) and deleted. Watches and projections live on them. */
export function resourceEvents<Spec, Status>(
  kind: Kind<Spec, Status>,
): { saved: EventDefinition<ResourceFact<Spec, Status>>; deleted: EventDefinition<ResourceFact<Spec, Status>> } {
  const payload = z.object({ resource: kind.resource, actor: z.string() });
  return {
    saved: defineEvent(kind.service, `${kind.singular}-saved`, payload),
    deleted: defineEvent(kind.service, `${kind.singular}-deleted`, payload),
  };
}
