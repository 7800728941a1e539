/**
 * A second opinion on what a device does with a deployment, written from the specification of deployments (sections 3.3, 5, 7 and 8), of windows
 * (MW-05 to MW-15) and docs/deployments.md: by asking of each day whether a schedule has it, and of each instant whether a window holds
 * it. It shares nothing with libs/schedule but the types of documents.
 */
import type { MaintenanceWindow } from '@muster/schedule/maintenance-window.js';
import type { Schedule } from '@muster/schedule/schedule.js';
import type { StartRules } from '@muster/schedule/start-rules.js';
import { DAY, HOUR, instantAt, offsetAt } from './wall-clock.js';

/** What somebody knows of a device and a deployment. Instants are milliseconds since 1970. */
export interface Knowledge {
  readonly now: number;
  readonly timeZone: string;
  readonly windows: readonly MaintenanceWindow[];
  readonly sequence: {
    readonly enabled?: boolean;
    readonly maximumRunTimeMinutes?: number;
    readonly platforms?: readonly { readonly os: string; readonly versions?: readonly string[] | undefined }[];
  };
  /** Does the site refuse the device? */
  readonly refused?: string | undefined;
  readonly opensSecrets: boolean;
  /** Refused: when it is asked for again. */
  readonly permitAgainAt?: number | undefined;
  /** The device itself: it tells of the time of people once they were told of it. */
  readonly atDevice?: boolean;
  readonly onInternet: boolean;
  readonly writeFilter: boolean;
  readonly deployedAt?: number | undefined;
  readonly bootedAt?: number | undefined;
  readonly askedAt?: number | undefined;
  /** When people at the device were told that it starts. */
  readonly warnedAt?: number | undefined;
  /** Until when people there put its start off, as far as the settings let them. */
  readonly snoozedUntil?: number | undefined;
  /** The last run of the deployment on the device. */
  readonly lastRun?: { readonly startedAt: number; readonly succeeded?: boolean } | undefined;
}

/** `lookAgain`: the first later instant at which it may be another, if nothing but time passes. */
export interface Verdict {
  readonly state: string;
  readonly detail?: string;
  /** When a run begins that may start. */
  readonly begins?: number;
  readonly lookAgain?: number;
  /** `begins` is what people there wanted. */
  readonly snoozed?: true;
  /** What the site is told of it, as `state` or `state reason`; absent: nothing. */
  readonly fate?: string;
}

const MINUTE = 60_000;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
/** Sequences that say nothing may take so long. */
const USUAL_MINUTES = 120;
/** docs/deployments.md: a window that comes later is not waited for. */
const FARTHEST = 400 * DAY;

/** What a device does, and what it tells of that (docs/deployments.md, what devices wait for). */
export function judge(rules: StartRules, knowledge: Knowledge): Verdict {
  const { fits = true, snoozed, ...verdict } = permitted(decideWithPeople(rules, knowledge), knowledge);
  const fate = snoozed ? 'waiting snoozed' : fateOf(verdict, fits, knowledge);
  return fate === undefined ? verdict : { ...verdict, fate };
}

/** What would start waits for its permit; only the device knows when it asks again. */
function permitted(verdict: Decided, { permitAgainAt, atDevice }: Knowledge): Decided {
  if (verdict.state !== 'start' || permitAgainAt === undefined) return verdict;
  return atDevice === true ? { state: 'no-permit', lookAgain: permitAgainAt } : { state: 'waiting', detail: 'permit' };
}

function fateOf(
  { state, detail, begins }: Verdict,
  fits: boolean,
  { now, atDevice, warnedAt }: Knowledge,
): string | undefined {
  // Devices that are refused are not listened to; a run tells of itself.
  if (state === 'refused' || state === 'running') return undefined;
  const isSilent = begins === now || (atDevice === true && warnedAt === undefined);
  if (state === 'start') return isSilent ? undefined : 'waiting people';
  if (state === 'no-secrets') return 'waiting secrets';
  if (state === 'no-permit') return 'waiting permit';
  if (state === 'held' || state === 'disabled') return `waiting ${state}`;
  if (state !== 'waiting') return state;
  return detail === 'window' && !fits ? 'waiting no-window' : `waiting ${detail}`;
}

type Decided = Verdict & { readonly fits?: boolean };

/**
 * Who was warned, and may start it by hand, may put its start off (docs/deployments.md, people at the computer): to no later instant than one at which its
 * window still has room for all of it, and before it expires. People are taken as told of that time.
 */
function decideWithPeople(rules: StartRules, knowledge: Knowledge): Decided {
  const { now, snoozedUntil } = knowledge;
  const { warnMinutes = 0, usersMayStart = false } = rules;
  const asUsual = decide(rules, knowledge);
  if (snoozedUntil === undefined || warnMinutes === 0 || !usersMayStart) return asUsual;
  const until = Math.min(snoozedUntil, lastRoom(rules, knowledge));
  if (snoozedUntil > now && until <= now) return asUsual;
  const then = decide(rules, { ...knowledge, warnedAt: until - warnMinutes * MINUTE });
  if (until <= now || then.state !== 'start' || then.detail !== 'trigger') return then;
  return { ...then, begins: until, snoozed: true };
}

/** The last instant from now on at which a run that has room now has it still; now: it has none, or none later. No further than people put off. */
function lastRoom(rules: StartRules, { now, timeZone, windows, sequence }: Knowledge): number {
  const expires = rules.expiresAt === undefined ? Infinity : clockOf(rules.expiresAt, timeZone).first - 1;
  const ruling = rules.outsideWindows === true ? [] : rulingOf(windows);
  if (ruling.length === 0) return Math.max(now, expires);
  const minutes = sequence.maximumRunTimeMinutes ?? USUAL_MINUTES;
  let closes = now;
  for (let before = -1; closes > before && closes < now + 7 * DAY;) {
    before = closes;
    for (const { schedule, durationMinutes } of ruling) {
      const opened = comingsOf(schedule, timeZone, closes).last;
      if (opened !== undefined) closes = Math.max(closes, opened + durationMinutes * MINUTE);
    }
  }
  const last = closes - (minutes === 0 ? 1 : minutes * MINUTE);
  return Math.max(now, Math.min(last, expires));
}

/** `fits`: does a window come in time into which the run fits? */
function decide(rules: StartRules, knowledge: Knowledge): Decided {
  const { now, timeZone, lastRun, askedAt } = knowledge;
  const moment = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : clockOf(text, timeZone).first;
  const available = moment(rules.availableAt) ?? -Infinity;
  const expires = moment(rules.expiresAt) ?? Infinity;
  const later = (instant: number): { lookAgain?: number } => {
    const first = Math.min(instant, expires);
    return first === Infinity ? {} : { lookAgain: first };
  };
  if (knowledge.refused !== undefined) return { state: 'refused' };
  if (lastRun && lastRun.succeeded === undefined) return { state: 'running' };
  if (!knowledge.opensSecrets) return { state: 'no-secrets' };
  if (knowledge.sequence.enabled === false) return { state: 'disabled' };
  // Every case is on Debian 12.
  const { platforms } = knowledge.sequence;
  const isFor = platforms?.some(({ os, versions }) => os === 'debian' && (versions?.includes('12') ?? true)) ?? true;
  if (!isFor) return { state: 'rejected' };
  if (expires <= now) return { state: 'expired' };
  if (rules.hold !== undefined) return { state: 'held', ...later(Infinity) };
  if (available > now) return { state: 'waiting', detail: 'availability', ...later(available) };
  // Allowed on the Internet only by its word, on computers that forget unless it says no; a person does not change that.
  if (knowledge.onInternet && !(rules.onInternet ?? false))
    return { state: 'waiting', detail: 'network', ...later(Infinity) };
  if (knowledge.writeFilter && !(rules.onWriteFilter ?? true))
    return { state: 'waiting', detail: 'write-filter', ...later(Infinity) };
  const byPeople = rules.purpose === 'Available' || rules.usersMayStart === true;
  if (askedAt !== undefined && byPeople) return { state: 'start', detail: 'asked', begins: now };
  if (rules.purpose === 'Available') return { state: 'offered', ...later(Infinity) };

  const triggers = rules.triggers ?? [{ event: 'AsSoonAsPossible' as const }];
  const comings = triggers.map((trigger) => {
    if ('schedule' in trigger) return comingsOf(trigger.schedule, timeZone, now);
    if (trigger.event === 'AsSoonAsPossible') return { last: -Infinity, next: Infinity };
    const { bootedAt, deployedAt = -Infinity } = knowledge;
    return { last: bootedAt !== undefined && bootedAt >= deployedAt ? bootedAt : undefined, next: Infinity };
  });
  const next = Math.min(...comings.map((one) => one.next));
  // A trigger counts from when it is available; a run that began at or after it has used it up.
  const unused = comings.some(
    ({ last }) =>
      last !== undefined && (!lastRun || (last > -Infinity && lastRun.startedAt < Math.max(last, available))),
  );
  if (!unused) return { state: 'waiting', detail: 'trigger', ...later(next) };
  if (lastRun && !again(rules.rerun ?? 'Always', lastRun.succeeded === true)) {
    return { state: 'not-rerun', ...later(next) };
  }
  const begins = endOfWarning(rules.warnMinutes ?? 0, knowledge);
  if (begins >= expires) return { state: 'waiting', detail: 'trigger', ...later(next) };
  const minutes = (knowledge.sequence.maximumRunTimeMinutes ?? USUAL_MINUTES) + (begins - now) / MINUTE;
  const room = rules.outsideWindows === true ? now : firstRoom(knowledge.windows, timeZone, now, minutes);
  if (room === now) return { state: 'start', detail: 'trigger', begins };
  // Once people cannot be warned any more before it expires, no window helps.
  const tooLate = noTimeFrom(rules, knowledge, expires);
  return {
    state: 'waiting',
    detail: 'window',
    fits: room < Math.min(tooLate, expires),
    ...later(Math.min(room, tooLate)),
  };
}

function noTimeFrom({ warnMinutes = 0 }: StartRules, { now, warnedAt }: Knowledge, expires: number): number {
  const forgotten = (warnedAt ?? Infinity) <= now ? warnedAt! + (warnMinutes + 5) * MINUTE : -Infinity;
  return Math.max(expires - warnMinutes * MINUTE, forgotten > now ? forgotten : -Infinity);
}

/** People have so many minutes from when they were told; a warning counts until five minutes after they are over. */
function endOfWarning(minutes: number, { now, warnedAt }: Knowledge): number {
  const told = warnedAt !== undefined && warnedAt <= now && now - warnedAt < (minutes + 5) * MINUTE ? warnedAt : now;
  return Math.max(now, told + minutes * MINUTE);
}

function again(rerun: NonNullable<StartRules['rerun']>, succeeded: boolean): boolean {
  const table = { Always: [true, true], Never: [false, false], IfFailed: [true, false], IfSucceeded: [false, true] };
  return table[rerun][succeeded ? 1 : 0] === true;
}

/** A moment as its first instant and what the clock says, in the zone in which it comes again. */
function clockOf(text: string, timeZone: string): { zone: string; first: number; wall: number } {
  const bound = /(Z|[+-]\d\d:\d\d)$/.test(text);
  const instant = Date.parse(bound ? text : `${text}Z`);
  if (bound) return { zone: 'UTC', first: instant, wall: instant };
  return { zone: timeZone, first: instantAt(instant, timeZone), wall: instant };
}

/** The last coming at an instant or before, and the first one after; Infinity: none. */
function comingsOf(schedule: Schedule, timeZone: string, now: number): { last: number | undefined; next: number } {
  const { first, zone } = clockOf(schedule.start, timeZone);
  if (!schedule.repeat) return now < first ? { last: undefined, next: first } : { last: first, next: Infinity };
  const period = elapsedPeriod(schedule);
  if (period !== undefined) {
    const last = first + Math.floor((now - first) / period) * period;
    return last < first ? { last: undefined, next: first } : { last, next: last + period };
  }
  const next = nextComing(schedule, timeZone, Math.max(now, first - 1));
  // The start gives the time of day; it is a coming only when the pattern has its day.
  for (let day = now + offsetAt(now, zone) + DAY; day > first - 2 * DAY; day -= DAY) {
    const [coming] = comingOn(schedule, timeZone, day);
    if (coming !== undefined && coming <= now) return { last: coming, next };
  }
  return { last: undefined, next };
}

function nextComing(schedule: Schedule, timeZone: string, after: number): number {
  const { zone } = clockOf(schedule.start, timeZone);
  for (let day = after + offsetAt(after, zone) - DAY; ; day += DAY) {
    const [coming] = comingOn(schedule, timeZone, day);
    if (coming !== undefined && coming > after) return coming;
  }
}

/** Whole days keep the time of day; anything with hours or minutes is elapsed time. */
function elapsedPeriod({ repeat }: Schedule): number | undefined {
  if (!repeat || !('every' in repeat)) return undefined;
  const { days = 0, hours = 0, minutes = 0 } = repeat.every;
  return hours + minutes === 0 ? undefined : days * DAY + hours * HOUR + minutes * MINUTE;
}

/** When a schedule comes on the day of a calendar that has this wall time: not at all, or once. */
function comingOn({ start, repeat }: Schedule, timeZone: string, wall: number): number[] {
  const { zone, first, wall: startWall } = clockOf(start, timeZone);
  const day = Math.floor(wall / DAY);
  const startDay = Math.floor(startWall / DAY);
  if (!repeat || !hasDay(repeat, day, startDay)) return [];
  const instant = instantAt(day * DAY + (startWall - startDay * DAY), zone);
  return instant >= first ? [instant] : [];
}

/** Is a day one of a pattern? Days are numbered from 1970-01-01, a Thursday. */
function hasDay(repeat: NonNullable<Schedule['repeat']>, day: number, startDay: number): boolean {
  if ('every' in repeat) return (day - startDay) % (repeat.every.days ?? 1) === 0;
  if ('weekly' in repeat) {
    const { on, everyWeeks = 1 } = repeat.weekly;
    const week = (one: number): number => Math.floor((one + 4) / 7);
    const named = on.some((weekday) => WEEKDAYS.indexOf(weekday) === (day + 4) % 7);
    return named && (week(day) - week(startDay)) % everyWeeks === 0;
  }
  const { monthly } = repeat;
  // The month that counts is the one of the weekday from which the days are counted.
  const offset = 'week' in monthly ? (monthly.offsetDays ?? 0) : 0;
  const date = new Date((day - offset) * DAY);
  const month = (one: Date): number => one.getUTCFullYear() * 12 + one.getUTCMonth();
  if ((month(date) - month(new Date(startDay * DAY))) % (monthly.everyMonths ?? 1) !== 0) return false;
  const length = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  if ('day' in monthly) {
    return date.getUTCDate() === Math.min(length, monthly.day === 'last' ? length : monthly.day);
  }
  if (date.getUTCDay() !== WEEKDAYS.indexOf(monthly.weekday)) return false;
  if (monthly.week === 'last') return date.getUTCDate() + 7 > length;
  return Math.ceil(date.getUTCDate() / 7) === ['first', 'second', 'third', 'fourth'].indexOf(monthly.week) + 1;
}

/** The first instant, not before now, at which a run of so many minutes fits into the windows; Infinity: never. */
function firstRoom(windows: readonly MaintenanceWindow[], timeZone: string, now: number, minutes: number): number {
  const ruling = rulingOf(windows);
  if (ruling.length === 0) return now;
  // Mostly it is found soon; looking so far at once would cost a lot.
  for (const reach of [3 * DAY, 40 * DAY, FARTHEST]) {
    const found = roomWithin(ruling, timeZone, now, minutes, reach);
    if (found !== undefined) return found;
  }
  return Infinity;
}

function rulingOf(windows: readonly MaintenanceWindow[]): MaintenanceWindow[] {
  const enabled = windows.filter((one) => one.enabled !== false);
  const own = enabled.filter((one) => one.for === 'TaskSequences');
  return own.length > 0 ? own : enabled.filter((one) => one.for !== 'SoftwareUpdates');
}

function roomWithin(
  windows: readonly MaintenanceWindow[],
  timeZone: string,
  now: number,
  minutes: number,
  reach: number,
): number | undefined {
  const open = windows
    .flatMap((window) => {
      const length = window.durationMinutes * MINUTE;
      const found: [number, number][] = [];
      // What touches a run that begins at the end of the reach counts too.
      const end = now + reach + minutes * MINUTE + 2 * DAY;
      for (let at = now - length; ;) {
        at = comingsOf(window.schedule, timeZone, at).next;
        if (at > end) return found;
        found.push([at, at + length]);
      }
    })
    .sort(([one], [other]) => one - other);
  for (let index = 0; index < open.length; index += 1) {
    const [start, first] = open[index]!;
    let end = first;
    while (index + 1 < open.length && open[index + 1]![0] <= end) end = Math.max(end, open[(index += 1)]![1]);
    const begin = Math.max(now, start);
    if (start > now + reach) return undefined;
    if (minutes === 0 ? begin < end : begin + minutes * MINUTE <= end) return begin;
  }
  return undefined;
}
