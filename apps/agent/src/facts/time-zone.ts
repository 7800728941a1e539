import { realpathSync } from 'node:fs';
import { isTimeZone } from '@muster/schedule/zoned-time.js';
import { thisSystem } from './system.js';

const UTC = 'UTC';

/** What is to be had of the time zone of a computer. */
interface Sources {
  /** What the runtime calls it: nothing, or `Etc/Unknown`, for a TZ that it cannot read, as the common `:/etc/localtime`. */
  readonly told: string | undefined;
  readonly tz: string | undefined;
  /** Where a path leads; throws when it leads nowhere. */
  linkOf(path: string): string;
}

/** The time zone of this computer, an IANA name, as it was when this process started; undefined when it cannot be found out. */
export function knownTimeZone(): string | undefined {
  return KNOWN;
}

/** By what times are told on this computer: UTC when its zone cannot be found out, as the site takes it then. */
export function ownTimeZone(): string {
  return KNOWN ?? UTC;
}

/**
 * The name that people gave the zone here where the runtime means the same one by an older name: it says Asia/Calcutta for Asia/Kolkata, and
 * queries ask for what people wrote.
 * @returns a name that the runtime knows, or undefined
 */
export function findTimeZone({ told, tz, linkOf }: Sources): string | undefined {
  const named = nameGiven(tz, linkOf);
  if (told === undefined || told === '' || !isTimeZone(told)) return named;
  return named !== undefined && runtimeName(named) === runtimeName(told) ? named : told;
}

/** The zone as TZ or the system names it. */
function nameGiven(tz: string | undefined, linkOf: Sources['linkOf']): string | undefined {
  // An empty TZ is UTC; none means /etc/localtime (tzset(3)).
  if (tz === '') return UTC;
  const named = (tz ?? '/etc/localtime').replace(/^:/, '');
  const name = named.startsWith('/') ? behindFolder(named, linkOf) : named;
  if (name !== undefined && isTimeZone(name)) return name;
  // As POSIX writes it, without a rule for summer: UTC0.
  return /^(UTC|GMT)[+-]?0$/.test(named) ? UTC : undefined;
}

function runtimeName(timeZone: string): string {
  return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone;
}

/** The name of a zone that a file has below a folder of time zones. */
function behindFolder(path: string, linkOf: Sources['linkOf']): string | undefined {
  try {
    return /\/zoneinfo\/(?:posix\/|right\/)?(.+)$/.exec(linkOf(path))?.[1];
  } catch {
    return undefined;
  }
}

const KNOWN = findTimeZone({
  told: new Intl.DateTimeFormat().resolvedOptions().timeZone,
  tz: thisSystem.environment['TZ'],
  linkOf: (path) => realpathSync(path),
});
