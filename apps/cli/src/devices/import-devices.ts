import { IMPORTED_AT_ONCE, type DeviceImportResult } from '@muster/contracts/kinds/device-import.js';
import type { ApiClient } from '../api/api-client.js';
import { inParallel } from '../content/in-parallel.js';
import type { LineProblem, ListedDevice } from './read-device-list.js';

/** The site works on them one after the other; a second one hides the way there and back. */
const requestsAtOnce = 2;
const devicesAtOnce = Math.min(500, IMPORTED_AT_ONCE);

/** How many devices got which outcome, and what was wrong with the others. */
export interface ImportOutcome {
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly problems: readonly LineProblem[];
}

/**
 * Sends a list of devices to the site. What is refused keeps nothing else back.
 *
 * @param onDone called with the number of devices that are done
 */
export async function importDevices(
  client: ApiClient,
  listed: readonly ListedDevice[],
  { dryRun, onDone }: { dryRun: boolean; onDone: (count: number) => void },
): Promise<ImportOutcome> {
  const count = { created: 0, changed: 0, unchanged: 0, refused: 0 };
  const problems: LineProblem[] = [];
  const batches: ListedDevice[][] = [];
  for (let at = 0; at < listed.length; at += devicesAtOnce) batches.push(listed.slice(at, at + devicesAtOnce));
  let done = 0;
  await inParallel(batches, requestsAtOnce, async (batch) => {
    const { results } = await client.json<DeviceImportResult>('POST', '/api/v1/devices/-/import', {
      query: { dryRun: dryRun ? 'true' : undefined },
      body: { devices: batch.map(({ device }) => device) },
      repeatable: true,
    });
    results.forEach(({ outcome, message = '' }, index) => {
      count[outcome] += 1;
      if (outcome === 'refused') problems.push({ line: batch[index]?.line ?? 0, message });
    });
    done += batch.length;
    onDone(done);
  });
  const { refused: _told, ...counted } = count;
  return { ...counted, problems: problems.toSorted((one, other) => one.line - other.line) };
}
