import type { RunRecord } from './run-records.js';

/** What is told of a run that has not ended. */
export function runSays({ restartWaits }: Pick<RunRecord, 'restartWaits'>): string {
  if (!restartWaits) return 'running now';
  const when = restartWaits.until === undefined ? ', and none comes' : `, ${restartWaits.until}`;
  return `done, its restart waits for a maintenance window${when}`;
}
