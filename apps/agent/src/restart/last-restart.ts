import type { Assignment, PolicySettings } from '@muster/contracts/agent/policy.js';
import type { MaintenanceWindow } from '@muster/schedule/maintenance-window.js';
import { decideRestart } from '@muster/schedule/decide-start.js';
import { latestRestart } from '@muster/schedule/put-off.js';
import { type Snooze, snoozedUntil } from '../people/snoozes.js';

const MINUTE = 60_000;
/** A countdown that was over so long before anybody looked counts no longer: the agent was away. */
const COUNTDOWN_HOLDS = 5 * MINUTE;

/** What is known where a restart behind the last step of a run is planned. All instants are milliseconds since 1970. */
export interface LastRestart {
  readonly now: number;
  readonly timeZone: string;
  /** What the deployment says now; of one that is gone nothing is allowed any more. */
  readonly rules: Pick<Assignment, 'restartOutsideWindows' | 'warnMinutes'>;
  readonly settings: Pick<
    PolicySettings,
    'restartFinalMinutes' | 'restartWarnMinutes' | 'snoozeMinutes' | 'usersMayStart'
  >;
  readonly windows: readonly MaintenanceWindow[];
  /** Somebody at the computer wanted the run. */
  readonly asked: boolean;
  readonly startedAt: number;
  /** That the sequence itself has people wait. */
  readonly delaySeconds: number;
  readonly snooze: Snooze | undefined;
  /** When people were told that the computer restarts, in this boot; undefined: they were not. */
  readonly told: number | undefined;
}

/** Not yet, or then. */
export type RestartPlan =
  | {
      readonly kind: 'later';
      readonly lookAgain: number | undefined;
      /** People put it off until then. */
      readonly snoozedUntil?: number;
    }
  | {
      readonly kind: 'countdown';
      readonly ends: number;
      /** So long before the end people are told once more; 0: they are not. */
      readonly finalMilliseconds: number;
      /** They know of this time. */
      readonly isTold: boolean;
      /** It is a time to which they put it off. */
      readonly snoozed: boolean;
    };

/**
 * When the restart behind the last step of a run may come: in a window, with the time that people have, and when they put it off later, as
 * far as window and settings let them. Without a window for it, or when it is not put off any longer, they have all their time anew. Pure.
 */
export function planLastRestart(restart: LastRestart): RestartPlan {
  const { now, timeZone, windows, asked, told, settings } = restart;
  const minutes = warningMinutes(restart);
  const length = Math.max(restart.delaySeconds * 1000, minutes * MINUTE);
  const finalMilliseconds = asked ? 0 : (settings.restartFinalMinutes ?? 0) * MINUTE;
  const countdown = (ends: number, snoozed = false): RestartPlan => ({
    kind: 'countdown',
    ends,
    finalMilliseconds,
    isTold: ends === told,
    snoozed,
  });
  const until = putOffUntil(restart);
  if (until !== undefined) {
    if (until - length > now) return { kind: 'later', lookAgain: until - length, snoozedUntil: until };
    return countdown(until, true);
  }
  // An agent that was away for a moment goes on counting: the window was right when it began.
  if (told !== undefined && told > now - COUNTDOWN_HOLDS && told <= now + length) return countdown(told);
  const { restartOutsideWindows } = restart.rules;
  const rules = { restartOutsideWindows, warnMinutes: minutes };
  const when = decideRestart(rules, { now, timeZone, windows, asked });
  return when === 'now' ? countdown(now + length) : { kind: 'later', ...when };
}

/** How long people have: what the deployment says, or the settings if that is more. Who asked for the run waits for nothing. */
function warningMinutes({ asked, rules, settings }: LastRestart): number {
  return asked ? 0 : Math.max(rules.warnMinutes ?? 0, settings.restartWarnMinutes ?? 0);
}

function putOffUntil(restart: LastRestart): number | undefined {
  const { now, startedAt, settings, snooze } = restart;
  const wanted = snoozedUntil(snooze, settings, { now, since: startedAt });
  if (wanted === undefined || wanted <= now) return undefined;
  const until = Math.min(wanted, latestRestart(restart.rules, restart));
  return until > now ? until : undefined;
}
