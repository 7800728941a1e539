import { performance } from 'node:perf_hooks';
import type { Digest } from '@muster/contracts/digest.js';
import { Agent } from 'undici';
import { download } from '../../apps/agent/src/content/download.js';
import { keepYoungHeapSmall } from '../../apps/agent/src/content/small-young-heap.js';

/** One download by the agent's own code: URL, digest, bytes, target. Tells its parent how long it took, and its peak memory. */
keepYoungHeapSmall();
const [url = '', digest = '', size = '', target = ''] = process.argv.slice(2);
const dispatcher = new Agent();
const started = performance.now();
const result = await download({
  url,
  digest: digest as Digest,
  size: Number(size),
  partial: `${target}.partial`,
  target,
  dispatcher,
  signal: new AbortController().signal,
});
const milliseconds = performance.now() - started;
if (result.kind !== 'done') throw new Error(JSON.stringify(result));
await dispatcher.close();
process.send?.({ milliseconds, peakKibibytes: process.resourceUsage().maxRSS }, () => process.disconnect());
