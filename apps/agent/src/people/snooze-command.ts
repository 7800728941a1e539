import { mayBeAsked } from '@muster/schedule/decide-start.js';
import { latestRestart } from '@muster/schedule/put-off.js';
import { type Deciding, NOBODY_STARTS, readDeciding } from '../daemon/offers.js';
import { AgentError } from '../identity/agent-error.js';
import type { StateFolder } from '../identity/state-folder.js';
import { latestStartOf } from '../policy/decide.js';
import { snoozedUntil } from './snoozes.js';

const MINUTE = 60_000;
/** How much later it comes where nobody says it, or as much as is left. */
const USUAL_MINUTES = 30;
/** So long before the end of what its window leaves: it must not come a moment too late. */
const MARGIN = MINUTE;

/** What somebody at the computer wants put off. */
export interface SnoozeWish {
  /** Name of a deployment, or `restart`; undefined: the one thing that there is. */
  readonly what: string | undefined;
  /** How much later; undefined: 30 minutes, or what is left. */
  readonly minutes: number | undefined;
}

/** What was put off. Instants are milliseconds since 1970. */
export interface PutOff {
  readonly deployment: string;
  readonly what: 'start' | 'restart';
  readonly until: number;
  /** The last instant to which it may be put off again. */
  readonly latest: number;
}

interface Candidate {
  readonly uid: string;
  readonly deployment: string;
  readonly what: 'start' | 'restart';
  /** When it comes as it is now. */
  readonly ends: number;
  /** When it would have come had nobody put it off. */
  readonly first: number;
  /** The last instant that its window and its deployment leave. */
  readonly latest: number;
  /** Why nobody may put it off; undefined: people may. */
  readonly refused: string | undefined;
}

/**
 * Puts off a start of which people were warned, or a restart behind the last step of a run. The daemon holds it against the same rules again.
 * Durable on return.
 * @throws AgentError as `readOffers`, and `snooze.nothing`, `snooze.ambiguous`, `snooze.not-allowed`, `snooze.too-long`
 */
export async function askForSnooze(folder: StateFolder, wish: SnoozeWish, now: number): Promise<PutOff> {
  const deciding = await readDeciding(folder, now);
  const { uid, deployment, what, ends, first, latest: leaves, refused } = chosen(candidates(deciding), wish.what);
  const { snoozeMinutes = 0 } = deciding.settings;
  const why = !deciding.usersMayStart
    ? NOBODY_STARTS
    : snoozeMinutes === 0
      ? 'the client settings of this computer let nobody put anything off (snoozeMinutes)'
      : refused;
  if (why !== undefined) throw new AgentError('snooze.not-allowed', `"${deployment}" cannot be put off: ${why}`);
  const latest = Math.min(first + snoozeMinutes * MINUTE, leaves - MARGIN);
  const minutesLeft = Math.floor((latest - ends) / MINUTE);
  const minutes = wish.minutes ?? Math.max(1, Math.min(USUAL_MINUTES, minutesLeft));
  if (minutes > minutesLeft) {
    const most = minutesLeft < 1 ? 'it is put off as far as it may be' : `--for ${minutesLeft}m is the most`;
    const rules = `snoozeMinutes is ${snoozeMinutes}, and its window and its end count too`;
    throw new AgentError('snooze.too-long', `"${deployment}" cannot be put off by ${minutes} min: ${most} (${rules})`);
  }
  const until = ends + minutes * MINUTE;
  deciding.snoozes.note(uid, { at: now, first, until });
  return { deployment, what, until, latest };
}

function chosen(all: readonly Candidate[], what: string | undefined): Candidate {
  const named = all.filter((one) => what === undefined || what === one.deployment || what === one.what);
  const [first, ...others] = what === 'restart' ? all.filter((one) => one.what === 'restart') : named;
  const names = all.map((one) => `${one.deployment} (its ${one.what})`).join(', ');
  if (!first) {
    const there = all.length === 0 ? '' : `; there is ${names}`;
    const wanted = what === undefined ? 'nothing' : `no "${what}"`;
    throw new AgentError(
      'snooze.nothing',
      `${wanted} starts here after a warning, or waits to restart this computer${there}`,
    );
  }
  if (others.length > 0) throw new AgentError('snooze.ambiguous', `say which of these: ${names}`);
  return first;
}

function candidates(deciding: Deciding): Candidate[] {
  return [...starts(deciding), ...restarts(deciding)];
}

function starts({ fates, facts, snoozes, records }: Deciding): Candidate[] {
  return fates.flatMap(({ assignment, decision }): Candidate[] => {
    const { uid, name } = assignment.deployment;
    const isRunning = records.unfinished.some(({ deployment }) => deployment.uid === uid);
    if (isRunning || decision.state !== 'start' || decision.because !== 'trigger' || decision.begins <= facts.now)
      return [];
    if (decision.snoozed !== true && facts.warnedAt(uid) === undefined) return [];
    return [
      {
        uid,
        deployment: name,
        what: 'start',
        ends: decision.begins,
        first: (decision.snoozed === true ? snoozes.of(uid)?.first : undefined) ?? decision.begins,
        latest: latestStartOf(assignment, facts),
        refused: mayBeAsked(assignment) ? undefined : 'people here may not start it by hand (usersMayStart)',
      },
    ];
  });
}

function restarts({ fates, facts, records, snoozes, settings }: Deciding): Candidate[] {
  const { now, timeZone, windows } = facts;
  return records.unfinished.flatMap((run): Candidate[] => {
    const { deployment, restart, restartWaits, startedAt, asked = false } = run;
    const ends = Date.parse(restart?.at ?? restartWaits?.snoozedUntil ?? '');
    if (!(ends > now)) return [];
    const snooze = snoozes.of(deployment.uid);
    const isSnoozed = snoozedUntil(snooze, settings, { now, since: Date.parse(startedAt) }) !== undefined;
    const rules = fates.find(({ assignment }) => assignment.deployment.uid === deployment.uid)?.assignment ?? {};
    const isFinal = ends - now <= (asked ? 0 : (settings.restartFinalMinutes ?? 0) * MINUTE);
    return [
      {
        uid: deployment.uid,
        deployment: deployment.name,
        what: 'restart',
        ends,
        first: (isSnoozed ? snooze?.first : undefined) ?? ends,
        latest: latestRestart(rules, { now, timeZone, windows, asked }),
        refused:
          restart && restart.last !== true
            ? 'its restart is one between two steps, and belongs to its run'
            : isFinal
              ? 'people were told for the last time (restartFinalMinutes)'
              : undefined,
      },
    ];
  });
}
