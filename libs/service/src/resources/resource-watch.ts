import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import type { Resource } from '@muster/contracts/resource.js';
import { Bus } from '@muster/messaging/bus.js';
import type { OutboxRelay } from '@muster/messaging/relay.js';
import type { Database } from '@muster/persistence/database.js';
import { assignPositions, readOutbox } from '@muster/persistence/outbox.js';
import { Observable } from 'rxjs';
import type { ResourceStore } from './resource-store.js';

/** `existing` for what was there when the watch began, `listed` when that was all, then what happens. */
export type WatchEvent<Spec = unknown, Status = unknown> =
  | { type: 'existing' | 'saved' | 'deleted'; resource: Resource<Spec, Status>; position: number }
  | { type: 'listed'; position: number };

const PAGE = 500;
/** Objects whose derived status is in memory at a time. */
const TOLD_AT_ONCE = 20;
/** Another replica may have positioned the facts: look this often without being told. */
const LOOK_EVERY_MILLISECONDS = 1_000;

/**
 * Follows one kind: first everything there is, then every change in order. It reads the outbox, so a watch misses
 * nothing whatever happens to the bus. A change that happens while the listing is read may be told twice.
 */
export function watchResources<Spec, Status>(
  store: ResourceStore<Spec, Status>,
  database: Database,
  relay: OutboxRelay,
  bus: Bus,
  options: { name?: string | undefined; labels?: Record<string, string>; after?: number | undefined },
): Observable<WatchEvent<Spec, Status>> {
  const events = resourceEvents(store.kind);
  const saved = events.saved.subject({ site: bus.site });
  const deleted = events.deleted.subject({ site: bus.site });
  const labels = Object.entries(options.labels ?? {});
  const wanted = ({ metadata }: Resource<Spec, Status>) =>
    (options.name === undefined || metadata.name === options.name) &&
    labels.every(([label, value]) => metadata.labels?.[label] === value);

  return new Observable((subscriber) => {
    let position = options.after ?? 0;
    let following: Promise<void> = Promise.resolve();

    const readOn = async () => {
      for (;;) {
        if (subscriber.closed) return;
        const { entries } = await readOutbox(database, position, PAGE);
        const changes = entries.flatMap(({ position: at, subject, payload }) => {
          if (subject !== saved && subject !== deleted) return [];
          const { resource } = payload as { resource: Resource<Spec, Status> };
          return wanted(resource)
            ? [{ type: subject === saved ? ('saved' as const) : ('deleted' as const), resource, at }]
            : [];
        });
        for (let first = 0; first < changes.length; first += TOLD_AT_ONCE) {
          const some = changes.slice(first, first + TOLD_AT_ONCE);
          const resources = await store.told(some.map(({ resource }) => resource));
          some.forEach(({ type, resource, at }, index) => {
            subscriber.next({ type, resource: resources[index] ?? resource, position: at });
          });
        }
        position = entries.at(-1)?.position ?? position;
        if (entries.length < PAGE) return;
      }
    };
    const follow = () => {
      following = following.then(readOn).catch((error: unknown) => subscriber.error(error));
    };

    const begin = async () => {
      if (options.after !== undefined) return;
      // What was committed before this moment gets its position now, so that the listing below holds it and `saved` need not.
      await assignPositions(database);
      position = (await readOutbox(database, 0, 0)).head;
      let next: string | undefined;
      do {
        const page = await store.list({ limit: PAGE, continue: next, labels: options.labels ?? {} });
        for (const resource of page.items)
          if (wanted(resource)) subscriber.next({ type: 'existing', resource, position });
        next = page.metadata.continue;
      } while (next !== undefined && !subscriber.closed);
      subscriber.next({ type: 'listed', position });
    };
    following = begin().catch((error: unknown) => subscriber.error(error));
    follow();
    const stop = relay.onPositioned(follow);
    const timer = setInterval(follow, LOOK_EVERY_MILLISECONDS);
    return () => {
      stop();
      clearInterval(timer);
    };
  });
}
