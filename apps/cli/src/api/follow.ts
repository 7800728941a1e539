import type { Kind, Resource } from '@muster/contracts/resource.js';
import type { ApiClient } from './api-client.js';
import { followStream, type FollowStreamOptions } from './follow-stream.js';

/** `existing` for what was there when the watch began, then what happens. */
export interface WatchEvent<Spec = unknown, Status = unknown> {
  readonly type: 'existing' | 'saved' | 'deleted';
  readonly resource: Resource<Spec, Status>;
}

export interface FollowOptions extends FollowStreamOptions {
  /** Only this object. */
  readonly name?: string | undefined;
}

/**
 * Follows a kind for as long as the caller reads, across broken connections: it goes on behind the last change it has seen.
 * Objects may come twice as `existing`. Ends without an error when the signal is aborted.
 */
export async function* follow<Spec, Status>(
  client: ApiClient,
  kind: Kind<Spec, Status>,
  options: FollowOptions,
): AsyncGenerator<WatchEvent<Spec, Status>> {
  const { name, ...how } = options;
  const path = `/api/v1/${kind.plural}`;
  // Whoever was away for too long is told the listing again, which makes up for what was forgotten.
  for await (const event of followStream(client, path, { watch: 'true', name }, { ...how, beginsAnew: true })) {
    const type = event.event as WatchEvent['type'] | 'listed';
    if (type !== 'listed') yield { type, resource: JSON.parse(event.data) as Resource<Spec, Status> };
  }
}
