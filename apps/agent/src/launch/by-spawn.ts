import { closeSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { resolve as resolvePath } from 'node:path';
import type { LaunchRequest, LaunchedProgram, Launcher, ProgramEnd } from './launched-program.js';
import { type PosixSpawn, type SpawnCall, systemError } from './posix-spawn.js';

/** Where a program is looked for when its environment has no PATH, as the C library has it. */
const defaultPath = '/bin:/usr/bin';

/** How often a process is looked at whatever signals tell: the timer also keeps this process alive as long. */
const lookAgainMilliseconds = 1000;

/** Starts programs with `posix_spawn`. They find the same as with `byFork`; their outputs are pipes where that has sockets. */
export function bySpawn(system: PosixSpawn): Launcher {
  const children = new Children(system);
  return (request) => launch(request, system, children);
}

function launch(request: LaunchRequest, system: PosixSpawn, children: Children): LaunchedProgram {
  refuseNulls(request);
  const theirs: number[] = [];
  const ours: number[] = [];
  let pid: number;
  try {
    if (request.withInput) {
      const [read, write] = system.pipe();
      theirs.push(read);
      ours.push(write);
    }
    for (let index = 0; index < 2; index++) {
      const [read, write] = system.pipe();
      theirs.push(write);
      ours.push(read);
    }
    pid = start(request, theirs, system);
  } catch (error) {
    for (const end of ours) closeSync(end);
    throw error;
  } finally {
    for (const end of theirs) closeSync(end);
  }
  const stdin = request.withInput ? new Socket({ fd: ours.shift() ?? -1, readable: false, writable: true }) : undefined;
  const [stdout, stderr] = ours.map((fd) => new Socket({ fd, readable: true, writable: false })) as [Socket, Socket];
  const ended = children.endOf(pid);
  const outputsClosed = Promise.all([closeOf(stdout), closeOf(stderr)]);
  void outputsClosed.then(() => children.lookSoon(pid));
  const closed = Promise.all([ended, outputsClosed]).then(() => undefined);
  return { pid, stdin, stdout, stderr, ended, closed };
}

/** C ends a text at its first null: what is behind it would be lost without a word. */
function refuseNulls({ command, arguments: words, workingDirectory, environment }: LaunchRequest): void {
  const texts = [
    command,
    workingDirectory,
    ...words,
    ...Object.entries(environment).flatMap(([name, value]) => [name, value ?? '']),
  ];
  if (texts.some((text) => text.includes('\0')))
    throw systemError('ERR_INVALID_ARG_VALUE', 'a program can be given no text with a null byte');
}

/** As `execvp` does it, with the PATH of the program: what cannot be executed is passed over, a text is read by the shell. */
function start(request: LaunchRequest, files: readonly number[], system: PosixSpawn): number {
  const { command, arguments: words, workingDirectory } = request;
  const environment = Object.entries(request.environment).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  const [stdout = -1, stderr = -1] = files.slice(-2);
  const stdin = request.withInput ? files[0] : undefined;
  const common: Omit<SpawnCall, 'path' | 'arguments'> = { environment, workingDirectory, stdin, stdout, stderr };
  let refused = 'ENOENT';
  for (const path of placesOf(request)) {
    let answer = system.spawn({ ...common, path, arguments: [command, ...words] });
    if (answer === 'ENOEXEC')
      answer = system.spawn({ ...common, path: '/bin/sh', arguments: ['/bin/sh', path, ...words] });
    if (typeof answer === 'number') return answer;
    if (answer === 'EACCES') refused = answer;
    else if (answer !== 'ENOENT' && answer !== 'ENOTDIR') throw systemError(answer, command);
  }
  throw systemError(refused, command);
}

function placesOf({ command, workingDirectory, environment }: LaunchRequest): string[] {
  if (command === '') return [];
  if (command.includes('/')) return [command];
  return (environment['PATH'] ?? defaultPath)
    .split(':')
    .map((folder) => resolvePath(workingDirectory, folder, command))
    .filter((path) => exists(path));
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // It may be there for all we can see: whoever tries it is told.
    return true;
  }
}

function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** Processes of ours that have not ended. Each is waited for by its id: others of this process are Node's business. */
class Children {
  private readonly waiting = new Map<number, (end: ProgramEnd) => void>();
  private timer: NodeJS.Timeout | undefined;
  private readonly look = (): void => {
    for (const [pid, tell] of this.waiting) {
      const end = this.system.reap(pid);
      if (!end) continue;
      this.waiting.delete(pid);
      if ('error' in end) tell({ kind: 'not-started', error: end.error });
      else tell('code' in end ? { kind: 'exit', code: end.code } : { kind: 'signal', signal: end.signal });
    }
    if (this.waiting.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  };

  /** Listens from now on: a program may be over before anybody waits for it, and its signal comes once. */
  constructor(private readonly system: PosixSpawn) {
    process.on('SIGCHLD', this.look);
  }

  /** A program whose outputs were closed has ended, as a rule, or is about to: it is looked at at ever longer intervals. */
  lookSoon(pid: number, milliseconds = 1): void {
    this.look();
    if (this.waiting.has(pid) && milliseconds < lookAgainMilliseconds)
      setTimeout(() => this.lookSoon(pid, milliseconds * 2), milliseconds);
  }

  endOf(pid: number): Promise<ProgramEnd> {
    this.timer ??= setInterval(this.look, lookAgainMilliseconds);
    return new Promise((resolve) => this.waiting.set(pid, resolve));
  }
}
