import type { MaintenanceWindow } from '@muster/schedule/maintenance-window.js';
import { type Recurrence, type Schedule, WEEKDAYS } from '@muster/schedule/schedule.js';
import type { Platform } from '@muster/sequence/platforms.js';
import type { Rerun, StartRules, Trigger } from '@muster/schedule/start-rules.js';
import { randomNumbers, sample } from '../faults/random.js';
import { DAY, HOUR } from './wall-clock.js';

/** A deployment, a device and its history. Instants are milliseconds since 1970. */
export interface Case {
  readonly rules: StartRules;
  readonly sequence: {
    readonly enabled?: boolean;
    readonly maximumRunTimeMinutes?: number;
    readonly platforms?: readonly Platform[];
  };
  readonly deployedAt: number | undefined;
  readonly windows: readonly MaintenanceWindow[];
  readonly timeZone: string;
  readonly now: number;
  readonly onInternet: boolean;
  readonly writeFilter: boolean;
  /** Known on the device alone. */
  readonly bootedAt: number | undefined;
  readonly askedAt: number | undefined;
  readonly warnedAt: number | undefined;
  /** What people there put off, and for how long the settings let them; it is told to the site as long as it counts. */
  readonly snooze: { readonly at: number; readonly first: number; readonly until: number } | undefined;
  readonly snoozeMinutes: number;
  /** Why the site refuses the device; undefined: it does not. */
  readonly refused: 'access.blocked' | 'access.pending' | undefined;
  /** When the device asks again for the start permit that the site refuses; undefined: it needs none. */
  readonly permitAgainAt: number | undefined;
  /** Can the device open the secrets of its runs? */
  readonly opensSecrets: boolean;
  /** Runs of the deployment, oldest first; the last one may still go on. */
  readonly runs: readonly { readonly startedAt: number; readonly succeeded: boolean; readonly ended: boolean }[];
}

/** With changes of the clocks at different times and by different amounts, without any, and with odd offsets. */
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Africa/Casablanca',
];
/** Days around which cases lie: ordinary ones, ends of months, nights in which clocks change. */
const DATES = [
  '2026-03-08',
  '2026-03-29',
  '2026-04-05',
  '2026-10-25',
  '2026-11-01',
  '2026-12-31',
  '2027-02-28',
  '2026-06-15',
  '2026-10-04',
];
const TIMES = ['00:00', '01:00', '01:30', '02:00', '02:30', '03:00', '12:00', '23:30', '04:45:30'];
/** Of the device of every case, and lists that have it and have it not. */
export const OWN_PLATFORM = { id: 'debian', versionId: '12', architecture: 'x64' } as const;
const PLATFORMS = {
  own: [{ os: 'debian', versions: ['12'] }],
  other: [{ os: 'ubuntu' }, { os: 'debian', versions: ['11'] }],
};
const MINUTES = [0, 5, 30, 60, 119, 120, 180, 720, 1441];

/** The case with a number, the same every time. Small values, so that things meet: a window that opens when something is due. */
export function randomCase(number: number): Case {
  const random = randomNumbers(number);
  const chance = (part: number): boolean => random() < part;
  const one = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const int = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  const maybe = <Value>(part: number, value: () => Value): Value | undefined => (chance(part) ? value() : undefined);

  const date = one(DATES);
  const around = (days: number): string => {
    const day = new Date(Date.parse(`${date}T00:00Z`) + int(-days, days) * DAY).toISOString().slice(0, 10);
    return `${day}T${one(TIMES)}${one(['', '', 'Z', '+02:00', '-09:30'])}`;
  };
  const near = (days: number): number =>
    Date.parse(`${date}T00:00Z`) +
    int(-days, days) * DAY +
    one([0, 30, 60, 90, 150, 719]) * 60_000 +
    (chance(0.2) ? int(0, DAY) : 0);

  const recurrence = (): Recurrence => {
    switch (int(0, 3)) {
      case 0:
        return chance(0.5)
          ? { every: { days: int(1, 5) } }
          : {
              every: defined({
                days: maybe(0.3, () => int(0, 2)),
                hours: int(1, 23),
                minutes: maybe(0.3, () => int(1, 59)),
              }),
            };
      case 1:
        return {
          weekly: defined({
            on: sample(WEEKDAYS, int(1, 3), random),
            everyWeeks: maybe(0.4, () => int(1, 4)),
          }) as never,
        };
      case 2:
        return {
          monthly: defined({
            day: one([1, 15, 28, 29, 30, 31, 'last'] as const),
            everyMonths: maybe(0.3, () => int(1, 4)),
          }),
        };
      default:
        return {
          monthly: defined({
            week: one(['first', 'second', 'third', 'fourth', 'last'] as const),
            weekday: one(WEEKDAYS),
            offsetDays: maybe(0.5, () => int(0, 14)),
            everyMonths: maybe(0.3, () => int(1, 4)),
          }),
        };
    }
  };
  const schedule = (): Schedule => defined({ start: around(chance(0.7) ? 2 : 40), repeat: maybe(0.7, recurrence) });
  const trigger = (): Trigger =>
    chance(0.75) ? { schedule: schedule() } : { event: one(['AsSoonAsPossible', 'Startup', 'Startup'] as const) };

  const purpose = chance(0.85) ? 'Required' : 'Available';
  const required = purpose === 'Required';
  const windows = chance(0.55)
    ? Array.from({ length: int(1, 4) }, (_, index) =>
        defined({
          name: `w${index}`,
          for: maybe(0.5, () => one(['AllDeployments', 'TaskSequences', 'SoftwareUpdates'] as const)),
          schedule: schedule(),
          durationMinutes: one([5, 30, 60, 120, 180, 1440]),
          enabled: maybe(0.2, () => chance(0.5)),
        }),
      )
    : [];
  const runs = Array.from({ length: chance(0.6) ? int(1, 3) : 0 }, () => near(3))
    .sort((a, b) => a - b)
    .map((startedAt, index, all) => ({
      startedAt,
      succeeded: chance(0.5),
      ended: index < all.length - 1 || chance(0.95),
    }));
  // Such that it may count: people who were warned, and may start it by hand.
  const putsOff = required && chance(0.5);
  const now = near(2) + (chance(0.3) ? int(-2, 2) * HOUR : 0) + one([0, 0, 1, -1]);
  return {
    rules: defined({
      purpose,
      availableAt: maybe(0.4, () => around(2)),
      expiresAt: maybe(0.3, () => around(6)),
      triggers: required ? maybe(0.7, () => Array.from({ length: int(1, 3) }, trigger)) : undefined,
      rerun: required ? maybe(0.6, () => one<Rerun>(['Always', 'Never', 'IfFailed', 'IfSucceeded'])) : undefined,
      usersMayStart: putsOff || (required ? maybe(0.3, () => chance(0.6)) : undefined),
      warnMinutes: required ? maybe(putsOff ? 0.9 : 0.3, () => one([1, 15, 60, 1440])) : undefined,
      onInternet: maybe(0.3, () => chance(0.6)),
      onWriteFilter: maybe(0.3, () => chance(0.4)),
      hold: maybe(0.05, () => one(['Starts', 'Runs'] as const)),
      outsideWindows: maybe(0.2, () => chance(0.5)),
      content: maybe(0.1, () => one(['AsNeeded', 'BeforeStart'] as const)),
    }) as StartRules,
    sequence: defined({
      enabled: maybe(0.2, () => chance(0.6)),
      platforms: maybe(0.15, () => one([PLATFORMS.own, PLATFORMS.own, PLATFORMS.other])),
      maximumRunTimeMinutes: maybe(0.7, () => one(MINUTES)),
    }),
    deployedAt: maybe(0.8, () => near(5)),
    windows: windows as MaintenanceWindow[],
    timeZone: one(ZONES),
    now,
    onInternet: chance(0.1),
    writeFilter: chance(0.15),
    bootedAt: maybe(0.5, () => near(2)),
    askedAt: maybe(0.2, () => near(2)),
    warnedAt: maybe(0.5, () => now - one([0, 1, 5, 14, 15, 19, 20, 60, 65, -3]) * 60_000),
    runs,
    refused: maybe(0.06, () => one(['access.blocked', 'access.pending'] as const)),
    opensSecrets: chance(0.93),
    permitAgainAt: maybe(0.15, () => now + int(1, 30) * 60_000),
    snooze: maybe(putsOff ? 0.9 : 0.1, () => {
      const first = now + one([-90, -15, -15, -1, 0, 1]) * 60_000;
      return { at: first - one([0, 1, 15, 30]) * 60_000, first, until: first + one([1, 30, 60, 240]) * 60_000 };
    }),
    snoozeMinutes: one([0, 1, 30, 240, 240, 240]),
  };
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Drops what is undefined, so that documents look as people write them. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>;
}
