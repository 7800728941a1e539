import type { MaintenanceWindow } from './maintenance-window.js';
import { windowsForSequences } from './maintenance-window.js';
import { lastOccurrence, nextOccurrence } from './occurrences.js';
import type { Rerun, StartRules, Trigger } from './start-rules.js';
import { nextStarts } from './window-spans.js';
import { momentInstant } from './zoned-time.js';

const MINUTE = 60_000;

/** What is known where and when it is decided. All instants are milliseconds since 1970. */
export interface StartFacts {
  readonly now: number;
  /** Of the device, an IANA name. */
  readonly timeZone: string;
  /** When the computer started; undefined: nobody knows. */
  readonly bootedAt?: number | undefined;
  /** When somebody last logged on, and off; undefined: never, or nobody knows. */
  readonly loggedOnAt?: number | undefined;
  readonly loggedOffAt?: number | undefined;
  /** When the deployment was made: what happened on the computer before it is none of its triggers. */
  readonly deployedAt?: number | undefined;
  /** The last run of the deployment on this device that has ended. Deciding while one goes on is the caller's mistake. */
  readonly lastRun?: { readonly startedAt: number; readonly succeeded: boolean } | undefined;
  /** When somebody at the device asked for it, if no run has begun since. */
  readonly askedAt?: number | undefined;
  /** When people at the device were told that it starts, if no run has begun since. */
  readonly warnedAt?: number | undefined;
  /** Does the connection of the device cost by what goes over it? Undefined: nobody knows, or it does not. */
  readonly metered?: boolean | undefined;
  /** Is the device outside of the networks of its organisation? Undefined: nobody knows, or it is not. */
  readonly onInternet?: boolean | undefined;
  /** Does it lose what is changed on it with its next restart? Undefined: nobody knows, or it does not. */
  readonly writeFilter?: boolean | undefined;
  /** All windows of all collections of the device. */
  readonly windows: readonly MaintenanceWindow[];
  /** What the run may take; 0 is no limit. */
  readonly maximumMinutes: number;
}

/**
 * What a device does with one deployment now. `lookAgain`: the first later instant at which the answer may be another, if nothing but
 * time passes.
 */
export type StartDecision =
  | {
      readonly state: 'start';
      readonly because: 'asked' | 'trigger';
      readonly due: number;
      /** When it begins: now, or when people at the device have had the time of `warnMinutes`. */
      readonly begins: number;
    }
  | {
      readonly state: 'waiting';
      readonly for: 'availability' | 'network' | 'write-filter' | 'trigger' | 'connection' | 'window';
      readonly lookAgain?: number | undefined;
      /** Of a window: none that comes while it may start is long enough. */
      readonly neverFits?: true;
    }
  /** Nobody has asked for it; people at the device may. */
  | { readonly state: 'offered'; readonly lookAgain?: number | undefined }
  /** A trigger came, and its rule says no. */
  | {
      readonly state: 'not-rerun';
      readonly rerun: Rerun;
      readonly due: number;
      readonly lookAgain?: number | undefined;
    }
  /** Somebody at the site holds it; time changes nothing but its end. */
  | { readonly state: 'held'; readonly lookAgain?: number | undefined }
  | { readonly state: 'expired'; readonly at: number };

/**
 * Decides as the stages 2 to 8 of deployments.md section 7 do: expired, held, not yet available, in the wrong place, asked for or
 * triggered, the rule for reruns, the connection, the maintenance windows. The agent acts on it and explain tells it, so they cannot
 * disagree.
 */
export function decideStart(rules: StartRules, facts: StartFacts): StartDecision {
  const { now, timeZone } = facts;
  const available = rules.availableAt === undefined ? -Infinity : momentInstant(rules.availableAt, timeZone);
  const expires = rules.expiresAt === undefined ? Infinity : momentInstant(rules.expiresAt, timeZone);
  if (now >= expires) return { state: 'expired', at: expires };
  const until = earlier(expires);
  if (rules.hold !== undefined) return { state: 'held', lookAgain: until(undefined) };
  if (now < available) return { state: 'waiting', for: 'availability', lookAgain: until(available) };
  // Where a computer is not allowed to run it, nobody is asked: neither the clock nor people change that.
  const place = wrongPlace(rules, facts);
  if (place !== undefined) return { state: 'waiting', for: place, lookAgain: until(undefined) };

  // The will of somebody at the device beats windows and rules for reruns (MW-15).
  if (facts.askedAt !== undefined && mayBeAsked(rules)) {
    return { state: 'start', because: 'asked', due: facts.askedAt, begins: now };
  }
  if (rules.purpose === 'Available') return { state: 'offered', lookAgain: until(undefined) };

  const triggers = rules.triggers ?? [{ event: 'AsSoonAsPossible' }];
  const due = latest(triggers.map((trigger) => lastDue(trigger, facts, available)));
  const next = until(soonest(triggers.map((trigger) => nextDue(trigger, facts))));
  const { lastRun } = facts;
  if (due === undefined || (lastRun && lastRun.startedAt >= due)) {
    return { state: 'waiting', for: 'trigger', lookAgain: next };
  }
  const rerun = rules.rerun ?? 'Always';
  if (lastRun && !runsAgain(rerun, lastRun.succeeded)) return { state: 'not-rerun', rerun, due, lookAgain: next };

  if (facts.metered === true && rules.onMetered !== true) {
    return { state: 'waiting', for: 'connection', lookAgain: until(undefined) };
  }
  const begins = beginning(rules, facts);
  if (begins >= expires) return { state: 'waiting', for: 'trigger', lookAgain: next };
  const windows = rules.outsideWindows === true ? undefined : windowsForSequences(facts.windows);
  if (windows) {
    // The time in which people are warned is in the window too (deployments.md section 8).
    const room = facts.maximumMinutes + (begins - now) / MINUTE;
    const [start] = nextStarts(windows, now, room, { timeZone, most: 1 });
    if (start?.from !== now) {
      const tooLate = tooLateFrom(rules, facts, expires);
      const lookAgain = earlier(tooLate)(until(start?.from));
      const fits = start !== undefined && start.from < Math.min(tooLate, expires);
      return { state: 'waiting', for: 'window', lookAgain, ...(fits ? {} : { neverFits: true }) };
    }
  }
  return { state: 'start', because: 'trigger', due, begins };
}

/** Why a computer as it is now must not run it (deployments.md 3.4): it is on the Internet, or would forget what was done. */
function wrongPlace(rules: StartRules, facts: StartFacts): 'network' | 'write-filter' | undefined {
  if (facts.onInternet === true && rules.onInternet !== true) return 'network';
  return facts.writeFilter === true && rules.onWriteFilter === false ? 'write-filter' : undefined;
}

/** A warning so much older than the run it was for counts no longer: the computer slept, or another run took long. */
const WARNING_HOLDS = 5 * MINUTE;

/** When people have had their time: from the warning on, or from now when there was none that counts. */
function beginning(rules: StartRules, facts: StartFacts): number {
  const { now } = facts;
  const warned = warnedUntil(rules, facts);
  return warned === undefined ? now + (rules.warnMinutes ?? 0) * MINUTE : Math.max(now, warned);
}

/** When people who were warned have had their time; undefined: there was no warning, or it counts no longer. */
function warnedUntil({ warnMinutes = 0 }: StartRules, { now, warnedAt }: StartFacts): number | undefined {
  if (warnedAt === undefined || warnedAt > now) return undefined;
  const until = warnedAt + warnMinutes * MINUTE;
  return now < until + WARNING_HOLDS ? until : undefined;
}

/** From when on people cannot be warned any more before it expires: then no window helps. */
function tooLateFrom(rules: StartRules, facts: StartFacts, expires: number): number {
  const warned = warnedUntil(rules, facts);
  const tooLate = expires - (rules.warnMinutes ?? 0) * MINUTE;
  return warned === undefined ? tooLate : Math.max(tooLate, warned + WARNING_HOLDS);
}

/** When a restart behind the last step of a run may come: `now`, or not before `lookAgain`; undefined: no window comes for it. */
export function decideRestart(
  { restartOutsideWindows, warnMinutes = 0 }: Pick<StartRules, 'restartOutsideWindows' | 'warnMinutes'>,
  facts: Pick<StartFacts, 'now' | 'timeZone' | 'windows'> & { readonly asked: boolean },
): 'now' | { readonly lookAgain: number | undefined } {
  const windows = restartOutsideWindows === true || facts.asked ? undefined : windowsForSequences(facts.windows);
  if (!windows) return 'now';
  const [start] = nextStarts(windows, facts.now, warnMinutes, { timeZone: facts.timeZone, most: 1 });
  return start?.from === facts.now ? 'now' : { lookAgain: start?.from };
}

/** May somebody at the device start it: always when it is Available, else when the deployment lets them. */
export function mayBeAsked({ purpose, usersMayStart }: StartRules): boolean {
  return purpose === 'Available' || usersMayStart === true;
}

/** The table of deployments.md section 5 for a device on which it ran before. */
export function runsAgain(rerun: Rerun, succeeded: boolean): boolean {
  switch (rerun) {
    case 'Always':
      return true;
    case 'Never':
      return false;
    case 'IfFailed':
      return !succeeded;
    case 'IfSucceeded':
      return succeeded;
  }
}

/** When a trigger last made it due; undefined: not yet. What came before it was available waits for that (deployments.md 3.3). */
function lastDue(trigger: Trigger, facts: StartFacts, available: number): number | undefined {
  const came = lastComing(trigger, facts);
  if (came === undefined) return undefined;
  return came === -Infinity ? came : Math.max(came, available);
}

function lastComing(trigger: Trigger, facts: StartFacts): number | undefined {
  const { now, timeZone, deployedAt = -Infinity } = facts;
  if ('schedule' in trigger) return lastOccurrence(trigger.schedule, now, timeZone);
  // As soon as possible: any run at all has used it up.
  if (trigger.event === 'AsSoonAsPossible') return -Infinity;
  const happened = facts[EVENT_FACTS[trigger.event]];
  return happened !== undefined && happened >= deployedAt ? happened : undefined;
}

const EVENT_FACTS = { Startup: 'bootedAt', LogOn: 'loggedOnAt', LogOff: 'loggedOffAt' } as const;

function nextDue(trigger: Trigger, { now, timeZone }: StartFacts): number | undefined {
  return 'schedule' in trigger ? nextOccurrence(trigger.schedule, now, timeZone) : undefined;
}

function latest(instants: readonly (number | undefined)[]): number | undefined {
  return instants.reduce(
    (best, one) => (one === undefined || (best !== undefined && best >= one) ? best : one),
    undefined,
  );
}

function soonest(instants: readonly (number | undefined)[]): number | undefined {
  return instants.reduce(
    (best, one) => (one === undefined || (best !== undefined && best <= one) ? best : one),
    undefined,
  );
}

/** The earlier of an end, which may be Infinity, and an instant, which may be none. */
function earlier(end: number): (instant: number | undefined) => number | undefined {
  return (instant) => {
    const first = Math.min(end, instant ?? Infinity);
    return first === Infinity ? undefined : first;
  };
}
