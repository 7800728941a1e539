import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';

/** Files and arguments of one call; descriptors are those of this process. */
export interface SpawnCall {
  readonly path: string;
  readonly arguments: readonly string[];
  /** `NAME=value` each. */
  readonly environment: readonly string[];
  readonly workingDirectory: string;
  /** Absent: /dev/null. */
  readonly stdin: number | undefined;
  readonly stdout: number;
  readonly stderr: number;
}

/** What the C library does for us; descriptors are closed in every program that is executed. */
export interface PosixSpawn {
  /** Process id, or why not: the name of the error. */
  spawn(call: SpawnCall): number | string;
  /** Reading end and writing end. @throws a system error */
  pipe(): readonly [number, number];
  /** Undefined while the process lives. Answers once. */
  reap(
    pid: number,
  ): { readonly code: number } | { readonly signal: NodeJS.Signals } | { readonly error: Error } | undefined;
}

/** The same in glibc and musl. */
const SETSIGDEF = 0x04;
const SETSIGMASK = 0x08;
const SETSID = 0x80;
const WNOHANG = 1;
/** Larger than any C library needs for these structures: 336 bytes at most. */
const structureBytes = 1024;
const closeOnExec = 0o2000000;

/**
 * `posix_spawn` of the C library, called through koffi; undefined where that or the library's part of it is missing: a system
 * other than Linux, 32 bits, glibc before 2.29 (no change of directory). It starts a program without copying the page table of this
 * process, which takes Node more time than the program itself.
 */
export async function loadPosixSpawn(): Promise<PosixSpawn | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    return await bind();
  } catch {
    return undefined;
  }
}

async function bind(): Promise<PosixSpawn | undefined> {
  const { default: koffi } = await import('koffi');
  if (koffi.sizeof('void *') !== 8) return undefined;
  const library = koffi.load(null);
  const call = (prototype: string) => library.func(prototype);
  const posixSpawn = call(
    'int posix_spawn(void *pid, str path, void *actions, void *attributes, void *argv, void *envp)',
  );
  const beginActions = call('int posix_spawn_file_actions_init(void *actions)');
  const endActions = call('int posix_spawn_file_actions_destroy(void *actions)');
  const addDuplicate = call('int posix_spawn_file_actions_adddup2(void *actions, int from, int to)');
  const addOpen = call('int posix_spawn_file_actions_addopen(void *actions, int to, str path, int flags, uint mode)');
  const addFolder = call('int posix_spawn_file_actions_addchdir_np(void *actions, str path)');
  const waitpid = call('int waitpid(int pid, void *status, int options)');
  const pipe2 = call('int pipe2(void *ends, int flags)');

  const attributes = makeAttributes(call);
  const actions = Buffer.alloc(structureBytes);
  const numbers = new Int32Array(new ArrayBuffer(8));

  /** As C has it: addresses of texts, then a null. `texts` must be held as long as the addresses are used. */
  const listOf = (all: readonly string[]): { readonly texts: Buffer; readonly addresses: BigUint64Array } => {
    const texts = Buffer.from(all.map((text) => `${text}\0`).join(''), 'utf8');
    const addresses = new BigUint64Array(new ArrayBuffer(8 * (all.length + 1)));
    let address = all.length === 0 ? 0n : koffi.address(texts);
    for (const [index, text] of all.entries()) {
      addresses[index] = address;
      address += BigInt(Buffer.byteLength(text, 'utf8') + 1);
    }
    return { texts, addresses };
  };

  const prepared = ({ stdin, stdout, stderr, workingDirectory }: SpawnCall): number =>
    (stdin === undefined ? addOpen(actions, 0, '/dev/null', 0, 0) : addDuplicate(actions, stdin, 0)) ||
    addDuplicate(actions, stdout, 1) ||
    addDuplicate(actions, stderr, 2) ||
    addFolder(actions, workingDirectory);

  return {
    spawn(asked) {
      const words = listOf(asked.arguments);
      const environment = listOf(asked.environment);
      let problem: number = beginActions(actions);
      if (problem !== 0) return nameOf(problem);
      try {
        problem =
          prepared(asked) ||
          posixSpawn(numbers, asked.path, actions, attributes, words.addresses, environment.addresses);
      } finally {
        endActions(actions);
      }
      return problem === 0 ? (numbers[0] ?? 0) : nameOf(problem);
    },
    pipe() {
      if (pipe2(numbers, closeOnExec) !== 0) throw systemError(nameOf(koffi.errno()), 'no pipe could be made');
      return [numbers[0] ?? -1, numbers[1] ?? -1];
    },
    reap(pid) {
      const found: number = waitpid(pid, numbers, WNOHANG);
      if (found === 0) return undefined;
      if (found !== pid) return { error: systemError(nameOf(koffi.errno()), `nobody knows how process ${pid} ended`) };
      const status = numbers[0] ?? 0;
      const signal = status & 0x7f;
      return signal === 0 ? { code: (status >> 8) & 0xff } : { signal: signalNames.get(signal) ?? 'SIGKILL' };
    },
  };
}

/** A session of its own, and signals as a program expects them: Node ignores some, and what is ignored is inherited. */
function makeAttributes(call: (prototype: string) => (...values: unknown[]) => number): Buffer {
  const attributes = Buffer.alloc(structureBytes);
  const [every, none] = [Buffer.alloc(structureBytes), Buffer.alloc(structureBytes)];
  call('int sigfillset(void *set)')(every);
  call('int sigemptyset(void *set)')(none);
  call('int posix_spawnattr_init(void *attributes)')(attributes);
  call('int posix_spawnattr_setsigdefault(void *attributes, void *set)')(attributes, every);
  call('int posix_spawnattr_setsigmask(void *attributes, void *set)')(attributes, none);
  const problem = call('int posix_spawnattr_setflags(void *attributes, short flags)')(
    attributes,
    SETSIGDEF | SETSIGMASK | SETSID,
  );
  if (problem !== 0) throw systemError(nameOf(problem), 'no session of its own for a program');
  return attributes;
}

const signalNames = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number as number, name as NodeJS.Signals]),
);

function nameOf(error: number): string {
  return getSystemErrorName(-error);
}

export function systemError(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}
