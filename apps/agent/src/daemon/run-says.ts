import type { RunRecord } from './run-records.js';

/** What is told of a run that has not ended. */
export function runSays({ restartWaits, restart }: Pick<RunRecord, 'restartWaits' | 'restart'>, now: number): string {
  if (restart) return restartSays(restart, now);
  if (!restartWaits) return 'running now';
  if (restartWaits.snoozedUntil !== undefined)
    return `done, its restart is put off by people here until ${restartWaits.snoozedUntil}`;
  const when = restartWaits.until === undefined ? ', and none comes' : `, ${restartWaits.until}`;
  return `done, its restart waits for a maintenance window${when}`;
}

/** The countdown of a restart. */
function restartSays({ at, snoozed }: NonNullable<RunRecord['restart']>, now: number): string {
  if (at === undefined) return 'waits until somebody restarts this computer';
  const seconds = Math.ceil((Date.parse(at) - now) / 1000);
  const who = snoozed === true ? '; people here put it off until then' : '';
  return `${seconds > 0 ? `this computer restarts in ${seconds} s, at ${at}` : 'this computer restarts now'}${who}`;
}
