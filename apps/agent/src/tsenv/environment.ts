import { fileURLToPath } from 'node:url';

/** Folder with the launcher of `tsenv`, as it is in the sources and in dist. */
export const LAUNCHER_FOLDER = fileURLToPath(new URL('bin', import.meta.url));

/** Names that a step's process finds in its environment. */
export const TSENV_NAMES = {
  /** Path of the socket; see docs/tsenv.md. */
  socket: 'TSENV_SOCKET',
  /** The Node that the launcher starts: the agent's own, which need not be on PATH. */
  node: 'TSENV_NODE',
} as const;

/** Where the system looks for programs when there is no PATH. */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The variables by which the processes of a step find a socket. */
export function socketEnvironment(socketPath: string): Record<string, string> {
  return { [TSENV_NAMES.socket]: socketPath, [TSENV_NAMES.node]: process.execPath };
}

/**
 * The environment of a process, `tsenv` first on its PATH when it has a socket, whatever PATH the step set.
 * An environment without a socket is returned as it is.
 */
export function withTsenv<T extends Readonly<Record<string, string | undefined>>>(environment: T): T {
  if (environment[TSENV_NAMES.socket] === undefined) return environment;
  return { ...environment, PATH: `${LAUNCHER_FOLDER}:${environment['PATH'] ?? defaultPath}` };
}
