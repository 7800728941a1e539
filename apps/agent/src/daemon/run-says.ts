import type { RunRecord } from './run-records.js';

/** What is told of a run that has not ended. */
export function runSays({ restartWaits, restart }: Pick<RunRecord, 'restartWaits' | 'restart'>, now: number): string {
  if (restart) return restartSays(restart.at, now);
  if (!restartWaits) return 'running now';
  const when = restartWaits.until === undefined ? ', and none comes' : `, ${restartWaits.until}`;
  return `done, its restart waits for a maintenance window${when}`;
}

/** The countdown of a restart. */
function restartSays(at: string | undefined, now: number): string {
  if (at === undefined) return 'waits until somebody restarts this computer';
  const seconds = Math.ceil((Date.parse(at) - now) / 1000);
  return seconds > 0 ? `this computer restarts in ${seconds} s, at ${at}` : 'this computer restarts now';
}
