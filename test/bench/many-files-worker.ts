import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Digest } from '@muster/contracts/digest.js';
import { pino } from 'pino';
import { Agent } from 'undici';
import { ContentCache } from '../../apps/agent/src/content/content-cache.js';
import { keepYoungHeapSmall } from '../../apps/agent/src/content/small-young-heap.js';
import type { ContentLocations } from '../../apps/agent/src/http/site-api.js';

/**
 * Content on a computer by the agent's own code: cache folder, digest of the manifest, a file with what the site says of it. Tells its parent how
 * long it took to fetch it and lay it out, and to look at all of it again, and its peak memory.
 */
keepYoungHeapSmall();
const [folder = '', manifest = '', answer = ''] = process.argv.slice(2);
const located = JSON.parse(readFileSync(answer, 'utf8')) as ContentLocations;
const dispatcher = new Agent();
const cache = new ContentCache({
  folder,
  dispatcher,
  megabytes: 1_000_000,
  locator: {
    contentLocations: () => Promise.resolve(located),
    contentFaults: (faults) => Promise.reject(new Error(JSON.stringify(faults))),
  },
});
const seconds: number[] = [];
let at = '';
for (let time = 0; time < 2; time += 1) {
  const began = performance.now();
  at = await cache.provide(manifest as Digest, pino({ level: 'silent' }), new AbortController().signal);
  seconds.push((performance.now() - began) / 1000);
}
await dispatcher.close();
process.send?.({ seconds, folder: at, peakKibibytes: process.resourceUsage().maxRSS }, () => process.disconnect());
