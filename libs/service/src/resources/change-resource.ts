import type { Resource, ResourceInput } from '@muster/contracts/resource.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { recallAnswer } from './idempotency.repository.js';
import type { WriteOptions } from './resource-rules.js';
import type { ResourceStore } from './resource-store.js';

/** So often is a change made again of what others saved in the meantime. */
const ATTEMPTS = 5;

/**
 * Reads a resource, makes another document of it and saves that, never over what somebody else saved in between. Without
 * `ifMatch` the change is then made again of the new state; with it the change is refused.
 *
 * @param make pure but for reading; called once per attempt
 * @throws MusterError `resource.not-found`, `resource.stale-version`, what `make` throws, or what the kind refuses
 */
export async function changeResource<Spec, Status>(
  store: ResourceStore<Spec, Status>,
  database: Database,
  name: string,
  make: (current: Resource<Spec, Status>) => Promise<ResourceInput<Spec>>,
  options: WriteOptions,
): Promise<Resource<Spec, Status>> {
  const { idempotency } = options;
  // A repeated change is not made again, and need not be possible any more.
  const before = idempotency && (await database.transaction((tx) => recallAnswer(tx, idempotency)));
  if (before) return before as Resource<Spec, Status>;
  for (let attempt = 1; ; attempt++) {
    const current = await store.get(name);
    await store.checkCurrent(current, options);
    const input = await make(current);
    try {
      const { resource } = await store.apply(input, { ...options, ifMatch: current.metadata.resourceVersion });
      return resource;
    } catch (error) {
      const stale = error instanceof MusterError && error.code === 'resource.stale-version';
      if (!stale || options.ifMatch !== undefined || attempt === ATTEMPTS) throw error;
    }
  }
}
