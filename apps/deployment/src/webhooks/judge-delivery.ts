/** What became of one attempt. */
export type Answer =
  { readonly status: number; readonly retryAfterSeconds?: number | undefined } | { readonly error: string };

/**
 * What it means. `unreachable`: nothing would get through now, so everything waits; `refused`: this event was not taken, others may be;
 * `gone`: the receiver wants no more.
 */
export type Meaning = 'delivered' | 'unreachable' | 'refused' | 'gone';

/** Statuses of proxies, overloaded servers and limits: the receiver itself has not looked at the event. */
const UNREACHABLE = [408, 425, 429, 502, 503, 504];

/** Says what an answer means. Pure. */
export function meaningOf(answer: Answer): Meaning {
  if ('error' in answer) return 'unreachable';
  if (answer.status >= 200 && answer.status < 300) return 'delivered';
  if (answer.status === 410) return 'gone';
  return UNREACHABLE.includes(answer.status) ? 'unreachable' : 'refused';
}

/** An attempt in one sentence. Pure. */
export function describeAnswer(answer: Answer): string {
  return 'error' in answer ? answer.error : `it answered ${answer.status}`;
}
