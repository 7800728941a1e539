import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import { instantOf } from './last-boot.js';
import type { SystemTree } from './system-tree.js';
import { userSessions, SESSIONS_FOLDER } from './user-sessions.js';

/** How wtmp(5) lays out its records: glibc has longer ones where longs were always 64 bits. */
interface Layout {
  readonly size: number;
  readonly secondsAt: number;
  seconds(record: Buffer, at: number): number;
}

const short: Layout = { size: 384, secondsAt: 340, seconds: (record, at) => record.readUInt32LE(at) };
const long: Layout = { size: 400, secondsAt: 344, seconds: (record, at) => Number(record.readBigInt64LE(at)) };
const layouts: Readonly<Record<string, Layout>> = { x64: short, ia32: short, arm: short, arm64: long };

/** A person logged on. */
const USER_PROCESS = 7;
const [userAt, userBytes] = [44, 32];
/** Of a file that nobody rotates; some 2,000 records. */
const mostBytes = 800_000;

/**
 * Who logged on last, on a screen, a terminal or by SSH: out of wtmp, and of the sessions that systemd-logind has now. Undefined where
 * neither says it. Systems that keep log-ons in a database (wtmpdb) tell those alone who are logged in.
 *
 * @param architecture as Node calls it
 */
export function lastUserOf(
  tree: SystemTree,
  architecture: string,
  sessionsFolder = SESSIONS_FOLDER,
): Facts['lastUser'] {
  const logOns = [...sessionLogOns(tree.path(sessionsFolder)), ...recordedLogOns(tree, layouts[architecture])];
  const last = logOns.reduce<LogOn | undefined>(
    (best, one) => (best && best.seconds > one.seconds ? best : one),
    undefined,
  );
  const loggedOnAt = last && instantOf(last.seconds);
  return last && loggedOnAt !== undefined ? { name: last.name, loggedOnAt } : undefined;
}

interface LogOn {
  readonly name: string;
  readonly seconds: number;
}

function sessionLogOns(folder: string): LogOn[] {
  return (userSessions(folder) ?? []).flatMap(({ user, since }) =>
    user === undefined ? [] : [{ name: user, seconds: Math.floor(since / 1000) }],
  );
}

function recordedLogOns(tree: SystemTree, layout: Layout | undefined): LogOn[] {
  const bytes = layout && tree.tail('/var/log/wtmp', mostBytes, layout.size);
  if (!layout || !bytes) return [];
  const logOns: LogOn[] = [];
  for (let at = 0; at + layout.size <= bytes.length; at += layout.size) {
    const record = bytes.subarray(at, at + layout.size);
    const name = record.toString('utf8', userAt, userAt + userBytes).replace(/\0.*$/s, '');
    if (record.readInt16LE(0) !== USER_PROCESS || name === '') continue;
    logOns.push({ name, seconds: layout.seconds(record, layout.secondsAt) });
  }
  return logOns;
}
