import { watch } from 'node:fs';
import { z } from 'zod';
import { type UserSession, userSessions } from '../facts/user-sessions.js';
import { type Bell, pause } from '../http/backoff.js';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';
import { systemCode } from '../journal/journal-error.js';
import { mayPass } from './may-pass.js';

const lookSeconds = 30;

const noteSchema = z.object({
  bootId: z.string().optional(),
  /** Ids of those who are logged in. */
  open: z.array(z.string()),
  loggedOnAt: z.number().optional(),
  loggedOffAt: z.number().optional(),
  /** Nothing on this system says who logs on. */
  unknown: z.boolean().optional(),
});

/** When people last logged on to this computer and off. */
export type LogOnTimes = z.infer<typeof noteSchema>;

/** Takes a look at the sessions into account. Pure. */
export function afterLook(
  before: LogOnTimes,
  sessions: readonly UserSession[] | undefined,
  { bootId, now }: { readonly bootId: string | undefined; readonly now: number },
): LogOnTimes {
  const { loggedOnAt, loggedOffAt } = before;
  const kept = { ...(bootId === undefined ? {} : { bootId }), loggedOnAt, loggedOffAt };
  if (!sessions) return { ...kept, open: [], unknown: true };
  const open = sessions.map(({ id }) => id);
  // What the end of a boot ended is nobody's wish to log off, and ids begin anew.
  const sameBoot = before.bootId === bootId;
  const gone = sameBoot && before.open.some((id) => !open.includes(id));
  const last = Math.max(loggedOnAt ?? -Infinity, ...sessions.map(({ since }) => since));
  return {
    ...kept,
    open,
    ...(last === -Infinity ? {} : { loggedOnAt: last }),
    ...(gone ? { loggedOffAt: now } : {}),
  };
}

/** Who logs on and off, noted in `log-ons.json`: so that a log-off while the agent was away counts, and `muster-agent list` knows. */
export class LogOns {
  private known: LogOnTimes;

  /** Reads what was noted. Changes nothing. */
  constructor(private readonly path: string) {
    this.known = parse(readIfPresent(path)) ?? { open: [] };
  }

  get times(): LogOnTimes {
    return this.known;
  }

  /** Looks into the folder of systemd-logind, and rings when somebody came or went, until aborted. */
  async run(folder: string, bootId: string | undefined, bell: Bell, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const early = new AbortController();
      // Before the look: what happens behind it is then noticed.
      const watched = watchFolder(folder, () => early.abort(), signal);
      if (this.look(folder, bootId)) bell.ring();
      await pause(lookSeconds, AbortSignal.any([signal, early.signal]));
      watched?.abort();
    }
  }

  /** True when something is new. */
  private look(folder: string, bootId: string | undefined): boolean {
    const after = afterLook(this.known, userSessions(folder), { bootId, now: Date.now() });
    const text = JSON.stringify(after);
    if (text === JSON.stringify(this.known)) return false;
    this.known = after;
    try {
      replaceFile(this.path, text);
    } catch (error) {
      // A restart of the agent then looks anew.
      if (!mayPass(error)) throw error;
    }
    return true;
  }
}

/** Undefined where nothing can be watched: then the time of the next look counts. */
function watchFolder(folder: string, changed: () => void, signal: AbortSignal): AbortController | undefined {
  const stop = new AbortController();
  try {
    watch(folder, { signal: AbortSignal.any([signal, stop.signal]) }, changed).on('error', () => undefined);
    return stop;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

function parse(text: string | undefined): LogOnTimes | undefined {
  try {
    return noteSchema.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}
