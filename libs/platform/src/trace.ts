import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

interface Trace {
  readonly traceId: string;
  readonly flags: string;
  /** Made when somebody sends it on: most requests end where they came. */
  spanId: string | undefined;
}

const storage = new AsyncLocalStorage<Trace>();
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Runs `work` in the trace that a W3C `traceparent` names, or in a new one. The trace id is the correlation id of every log line. */
export function withTrace<Result>(traceparent: string | null | undefined, work: () => Result): Result {
  const match = TRACEPARENT.exec(traceparent ?? '');
  const traceId = match?.[1] ?? randomHex();
  return storage.run({ traceId, flags: match?.[3] ?? '01', spanId: undefined }, work);
}

/** The header to send on, so that what others do belongs to the same trace. */
export function currentTraceparent(): string | undefined {
  const trace = storage.getStore();
  if (!trace) return undefined;
  trace.spanId ??= randomHex().slice(16);
  return `00-${trace.traceId}-${trace.spanId}-${trace.flags}`;
}

export function currentTraceId(): string | undefined {
  return storage.getStore()?.traceId;
}

/** 32 hex digits. A UUID comes out of a store of random bytes that Node keeps: a tenth of the price of random bytes for each. */
function randomHex(): string {
  return randomUUID().replaceAll('-', '');
}
