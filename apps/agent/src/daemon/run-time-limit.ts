import type { SequenceSpec } from '@muster/sequence/model.js';

export const DEFAULT_RUN_MINUTES = 120;
/** Node's timers hold no more. */
const longestTimerMilliseconds = 2 ** 31 - 1;

/** Aborts when the maximum run time of a sequence is over, counted from its first start; 0 minutes is no limit. */
export function runTimeLimit(
  { maximumRunTimeMinutes = DEFAULT_RUN_MINUTES }: Pick<SequenceSpec, 'maximumRunTimeMinutes'>,
  startedAt: string,
): { readonly signal: AbortSignal; clear(): void } {
  const limit = new AbortController();
  if (maximumRunTimeMinutes === 0) return { signal: limit.signal, clear: () => undefined };
  const whole = maximumRunTimeMinutes * 60_000;
  // A clock that was set back must not make the time longer than it was meant.
  const left = Math.min(whole, Date.parse(startedAt) + whole - Date.now());
  const reason = `the maximum run time of ${maximumRunTimeMinutes} minutes is over`;
  const timer = setTimeout(() => limit.abort(reason), Math.min(Math.max(left, 0), longestTimerMilliseconds));
  return { signal: limit.signal, clear: () => clearTimeout(timer) };
}
