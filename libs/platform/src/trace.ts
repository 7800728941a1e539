import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';

interface Trace {
  traceId: string;
  traceparent: string;
}

const storage = new AsyncLocalStorage<Trace>();
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Runs `work` in the trace that a W3C `traceparent` names, or in a new one. The trace id is the correlation id of every log line. */
export function withTrace<Result>(traceparent: string | null | undefined, work: () => Result): Result {
  const match = TRACEPARENT.exec(traceparent ?? '');
  const traceId = match?.[1] ?? randomBytes(16).toString('hex');
  return storage.run(
    { traceId, traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-${match?.[3] ?? '01'}` },
    work,
  );
}

/** The header to send on, so that what others do belongs to the same trace. */
export function currentTraceparent(): string | undefined {
  return storage.getStore()?.traceparent;
}

export function currentTraceId(): string | undefined {
  return storage.getStore()?.traceId;
}
