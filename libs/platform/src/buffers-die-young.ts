import { setFlagsFromString } from 'node:v8';

/** V8 of Node 24, the first of ours that knows the flags; an older one would complain on stderr. */
const FIRST_MAJOR = 24;

/**
 * Lets V8 count buffers as a part of the heap, and the heap grow to four times what is alive before all of it is looked at. By
 * itself V8 collects the whole heap for every 64 MiB of buffers, whoever they belong to, and at little more than what is alive: a
 * process through which bytes flow spends a third of its time on that, though nearly all of them are gone after a moment. Four is what
 * V8 itself takes at most, where it sees much garbage; buffers it does not see as such. To be called before the first bytes.
 */
export function letBuffersDieYoung(): void {
  if (Number(process.versions.node.split('.')[0]) < FIRST_MAJOR) return;
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString('--heap-growing-percent=300');
}
