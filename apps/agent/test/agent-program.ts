import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '../../..');

/** A started program and what it printed so far. */
export interface Program {
  readonly child: ChildProcess;
  readonly exited: Promise<{ code: number | null; out: string; error: string }>;
  log(): string;
}

/** The agent as a program of its own, built from the sources under test: what is killed is never yesterday's agent. */
export class AgentProgram {
  private readonly dist = join(tmpdir(), `muster-agent-program-${process.pid}-${Math.random().toString(36).slice(2)}`);
  private readonly running = new Set<ChildProcess>();

  /** Path of a built file, e.g. `main.js`. */
  path(file: string): string {
    return join(this.dist, 'apps/agent/src', file);
  }

  build(): void {
    const sources = ['apps/agent', 'libs/sequence', 'libs/schedule', 'libs/contracts'];
    const swc = join(repository, 'node_modules/.bin/swc');
    execFileSync(swc, [...sources, '-d', this.dist, '--config-file', 'swc.build.json', '--copy-files', '--quiet'], {
      cwd: repository,
    });
    symlinkSync(join(repository, 'node_modules'), join(this.dist, 'node_modules'));
    copyFileSync(join(repository, 'package.json'), join(this.dist, 'package.json'));
  }

  remove(): void {
    rmSync(this.dist, { recursive: true, force: true });
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
