import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const built = join(import.meta.dirname, '../../../dist/apps/agent/src');

/** A started program and what it printed so far. */
export interface Program {
  readonly child: ChildProcess;
  readonly exited: Promise<{ code: number | null; out: string; error: string }>;
  log(): string;
}

/** The agent as a program of its own. The tests begin with a fresh build: what is killed is never yesterday's agent. */
export class AgentProgram {
  private readonly running = new Set<ChildProcess>();

  /** Path of a built file, e.g. `main.js`. */
  path(file: string): string {
    return join(built, file);
  }

  /** Starts `main.js` with arguments; `prefix` is a program that starts it, e.g. unshare with its options. */
  start(argv: readonly string[], environment: NodeJS.ProcessEnv = {}, prefix: readonly string[] = []): Program {
    const [command = '', ...rest] = [...prefix, process.execPath, this.path('main.js'), ...argv];
    return this.watch(
      spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } }),
    );
  }

  watch(child: ChildProcess): Program {
    this.running.add(child);
    let [out, error] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (error += chunk.toString()));
    child.once('exit', () => this.running.delete(child));
    const exited = new Promise<{ code: number | null; out: string; error: string }>((resolve) =>
      child.once('close', (code) => resolve({ code, out, error })),
    );
    return { child, exited, log: () => out };
  }

  /** Kills whatever still runs and waits for its end. */
  async killAll(): Promise<void> {
    const ends = [...this.running].map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of this.running) child.kill('SIGKILL');
    await Promise.all(ends);
  }
}
