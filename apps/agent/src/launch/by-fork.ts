import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { LaunchRequest, LaunchedProgram, ProgramEnd } from './launched-program.js';

/**
 * Starts a program as Node does it: on Linux by a fork, which copies the page table of this whole process. Works wherever Node
 * does; see `bySpawn` for what is faster.
 */
export function byFork(request: LaunchRequest): LaunchedProgram {
  const child = spawn(request.command, request.arguments, {
    cwd: request.workingDirectory,
    env: request.environment,
    stdio: [request.withInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    detached: true,
    windowsHide: true,
  }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
  return {
    pid: child.pid,
    stdin: child.stdin ?? undefined,
    stdout: child.stdout,
    stderr: child.stderr,
    ended: new Promise<ProgramEnd>((resolve) => {
      child.once('error', (error) => resolve({ kind: 'not-started', error }));
      child.once('exit', (code, signal) =>
        resolve(signal ? { kind: 'signal', signal } : { kind: 'exit', code: code ?? 1 }),
      );
    }),
    closed: new Promise((resolve) => child.once('close', () => resolve())),
  };
}
