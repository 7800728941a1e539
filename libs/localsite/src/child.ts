import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { RestartBackoff } from './backoff.js';
import { type Command, dieWithParent } from './privilege.js';
import { isReady, type Readiness } from './readiness.js';
import type { RotatingLog } from './rotating-log.js';
import { UpError } from './up-error.js';

export type ChildState = 'starting' | 'ready' | 'crashed' | 'restarting' | 'stopped';

/** What happened to a child. `detail` says how it ended or how long until the restart. */
export interface ChildEvent {
  readonly name: string;
  readonly state: ChildState;
  readonly pid: number | null;
  readonly detail?: string;
}

/** What to run and how to tell that it works. Exactly one of `script` and `command` is given. */
export interface ChildSpec {
  readonly name: string;
  /** A Node program; it is connected by IPC and must exit on `disconnect`. */
  readonly script?: string;
  /** Any other program, already wrapped so that it dies with its parent. */
  readonly command?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Ready as soon as it was started where missing. */
  readonly ready?: Readiness;
  /** Children of a higher tier are stopped before those of a lower one. */
  readonly tier?: number;
  readonly stopSignal?: NodeJS.Signals;
  readonly startTimeoutSeconds?: number;
  readonly graceSeconds?: number;
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: Error;
}

/** What a child tells its supervisor. */
export interface ChildHooks {
  readonly log: RotatingLog;
  readonly started: (pid: number) => void;
  readonly ended: () => void;
  readonly event: (event: ChildEvent) => void;
}

const firstStartAttempts = 3;
const readyPollMilliseconds = 25;
const lastWordsMilliseconds = 1000;

/** One supervised process: started, watched, restarted when it ends by itself, stopped on demand. */
export class Child {
  #process: ChildProcess | null = null;
  #exited: Promise<Exit> = Promise.resolve({ code: 0, signal: null });
  #running = false;
  #readySince: number | null = null;
  readonly #stop = new AbortController();
  readonly #backoff = new RestartBackoff();

  constructor(
    readonly spec: ChildSpec,
    private readonly hooks: ChildHooks,
  ) {}

  /** Number of the running process, or null. */
  get pid(): number | null {
    return this.#running ? (this.#process?.pid ?? null) : null;
  }

  get isReady(): boolean {
    return this.#running && this.#readySince !== null;
  }

  /** Resolves once the child is ready; rejects with `up.child-failed` when three starts in a row fail. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const failure = await this.#startOnce();
      if (failure === null) return;
      if (attempt === firstStartAttempts || this.#stopping) {
        throw new UpError(
          'up.child-failed',
          `${this.spec.name} did not start: ${failure}; see ${this.hooks.log.file}\n${this.#lastLines()}`,
        );
      }
      await this.#waitToRestart();
      if (this.#stopping) throw new UpError('up.child-failed', `${this.spec.name} did not start: it was told to stop`);
    }
  }

  /** Ends the child: its stop signal, then SIGKILL after the grace time. */
  async stop(): Promise<void> {
    if (!this.#stopping) this.#stop.abort();
    const child = this.#process;
    if (child !== null && this.#running) {
      child.kill(this.spec.stopSignal ?? 'SIGTERM');
      const grace = new AbortController();
      const late = delay((this.spec.graceSeconds ?? 10) * 1000, 'late' as const, { signal: grace.signal }).catch(
        () => 'late' as const,
      );
      if ((await Promise.race([this.#exited, late])) === 'late') child.kill('SIGKILL');
      grace.abort();
      await this.#exited;
    }
    this.#emit('stopped');
  }

  get #stopping(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Null when ready, otherwise why not. */
  async #startOnce(): Promise<string | null> {
    this.#spawn();
    this.#emit('starting');
    const exited = this.#exited;
    const failure = await this.#becomeReady();
    if (failure === null) {
      this.#readySince = performance.now();
      this.#emit('ready');
      void exited.then((exit) => this.#restartAfter(exit));
      return null;
    }
    this.#process?.kill('SIGKILL');
    await exited;
    if (!this.#stopping) this.#emit('crashed', failure);
    return failure;
  }

  #spawn(): void {
    const { spec, hooks } = this;
    const program: Command =
      spec.script === undefined
        ? { command: spec.command ?? '', args: spec.args ?? [] }
        : dieWithParent({ command: process.execPath, args: [spec.script, ...(spec.args ?? [])] }, 'SIGTERM');
    const child = spawn(program.command, program.args, {
      cwd: spec.cwd,
      env: { ...inheritedEnvironment(), ...spec.env },
      stdio: ['ignore', 'pipe', 'pipe', ...(spec.script === undefined ? [] : (['ipc'] as const))],
      // Ctrl-C in a terminal reaches a whole process group: the children are stopped by us, in order, and by nobody else.
      detached: true,
    });
    child.stdout?.on('data', (chunk: Buffer) => hooks.log.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => hooks.log.write(chunk));
    this.#process = child;
    this.#running = true;
    this.#readySince = null;
    this.#exited = new Promise((resolve) => {
      const ended = (): void => {
        if (this.#process === child) this.#running = false;
        hooks.ended();
      };
      child.once('exit', (code, signal) => {
        ended();
        // What it said last may still be on its way. A process of its own that goes on holds the pipe open, but not us up.
        const late = setTimeout(() => resolve({ code, signal }), lastWordsMilliseconds);
        child.once('close', () => {
          clearTimeout(late);
          resolve({ code, signal });
        });
      });
      child.once('error', (error) => {
        if (child.pid !== undefined) return;
        ended();
        resolve({ code: null, signal: null, error });
      });
    });
    if (child.pid !== undefined) hooks.started(child.pid);
  }

  async #becomeReady(): Promise<string | null> {
    const { ready, startTimeoutSeconds = 60 } = this.spec;
    if (ready === undefined) return null;
    const deadline = performance.now() + startTimeoutSeconds * 1000;
    let ended: Exit | null = null;
    void this.#exited.then((exit) => (ended = exit));
    while (performance.now() < deadline) {
      const answer = await Promise.race([isReady(ready), this.#exited.then(() => false)]);
      if (ended !== null) return describeExit(ended);
      if (this.#stopping) return 'it was told to stop';
      if (answer) return null;
      await delay(readyPollMilliseconds);
    }
    return `it was not ready after ${startTimeoutSeconds} s`;
  }

  async #restartAfter(exit: Exit): Promise<void> {
    if (this.#stopping) return;
    this.#emit('crashed', describeExit(exit));
    do {
      await this.#waitToRestart();
      if (this.#stopping) return;
    } while ((await this.#startOnce()) !== null && !this.#stopping);
  }

  async #waitToRestart(): Promise<void> {
    const readySeconds = this.#readySince === null ? 0 : (performance.now() - this.#readySince) / 1000;
    this.#readySince = null;
    const seconds = this.#backoff.next(readySeconds);
    this.#emit('restarting', `in ${seconds} s`);
    await delay(seconds * 1000, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  #lastLines(): string {
    return this.hooks.log
      .lastLines(5)
      .map((line) => `  ${line}`)
      .join('\n');
  }

  #emit(state: ChildState, detail?: string): void {
    this.hooks.event({ name: this.spec.name, state, pid: this.pid, ...(detail === undefined ? {} : { detail }) });
  }
}

function describeExit(exit: Exit): string {
  if (exit.error !== undefined) return exit.error.message;
  return exit.signal === null ? `it ended with exit code ${exit.code}` : `it was ended by ${exit.signal}`;
}

/** Our own environment without MUSTER_ variables: a child's settings come from its spec alone. */
function inheritedEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('MUSTER_'),
  );
  return Object.fromEntries(entries);
}
