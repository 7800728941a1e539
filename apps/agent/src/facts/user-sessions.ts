import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readIfPresent } from '../identity/durable-files.js';
import { systemCode } from '../journal/journal-error.js';

/** A person who is logged in, on a screen, a terminal or by SSH. */
export interface UserSession {
  readonly id: string;
  /** By what name the person logged on; logind notes it on systems of the last decade. */
  readonly user?: string;
  /** In milliseconds since 1970. */
  readonly since: number;
}

/** Where systemd-logind tells its sessions; libsystemd reads the same files. */
export const SESSIONS_FOLDER = '/run/systemd/sessions';

/** The sessions of people; undefined where there is no systemd-logind. Those of services, greeters and lock screens are none. */
export function userSessions(folder: string): readonly UserSession[] | undefined {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
  return names
    .filter((name) => /^[A-Za-z0-9]+$/.test(name))
    .flatMap((id) => parse(id, readIfPresent(join(folder, id)) ?? ''));
}

function parse(id: string, text: string): UserSession[] {
  const fields = new Map(
    text.split('\n').map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)] as const;
    }),
  );
  const since = Math.floor(Number(fields.get('REALTIME')) / 1000);
  const isPerson = fields.get('CLASS') === 'user' || fields.get('CLASS') === 'user-early';
  // One that is closing is over for whoever had it.
  if (!isPerson || !(since > 0) || fields.get('STATE') === 'closing') return [];
  const user = fields.get('USER');
  return [{ id, since, ...(user ? { user } : {}) }];
}
