import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dieWithParent } from '@muster/localsite/privilege.js';
import { until } from '../until.js';
import { programPath } from './debian-packages.js';

const LAST_LINES = 15;
const GRACE_MILLISECONDS = 20_000;

/** The processes of one server, in a temporary folder of its own, each with its log. They die with this process. */
export class ServerProcesses {
  private readonly children: { name: string; process: ChildProcess }[] = [];

  private constructor(
    private readonly title: string,
    readonly folder: string,
  ) {}

  static async inNewFolder(title: string): Promise<ServerProcesses> {
    // Short: the path of a Unix socket may have 107 characters.
    const folder = await mkdtemp(join(tmpdir(), `muster-${title}-`));
    mkdirSync(join(folder, 'log'));
    return new ServerProcesses(title, folder);
  }

  /** Starts a server and does not wait. */
  start(name: string, program: string, args: readonly string[]): void {
    const { command, args: all } = dieWithParent({ command: programPath(program), args }, 'SIGTERM');
    const log = openSync(this.logFile(name), 'a');
    const process = spawn(command, all, { stdio: ['ignore', log, log], cwd: this.folder });
    // The failure to start is seen by `untilReady`: there is an exit code.
    process.on('error', () => undefined);
    closeSync(log);
    this.children.push({ name, process });
  }

  /** Runs a program to its end. @returns what it printed @throws Error with what it said */
  run(program: string, args: readonly string[], seconds = 60): Promise<string> {
    return new Promise((resolve, reject) => {
      execFile(
        programPath(program),
        args,
        { timeout: seconds * 1000, cwd: this.folder, encoding: 'utf8' },
        (error, stdout, stderr) => {
          if (!error) return resolve(stdout);
          reject(
            new Error(`${this.title}: ${program} ${args.join(' ')} failed: ${stderr.slice(-2000) || error.message}`),
          );
        },
      );
    });
  }

  /** Waits for a sign of life. @throws Error with the end of the logs when a process ends or none comes in time */
  async untilReady(what: string, isReady: () => Promise<boolean>, seconds = 60): Promise<void> {
    try {
      await until(async () => {
        const dead = this.children.find(({ process }) => process.exitCode !== null || process.signalCode !== null);
        if (dead) throw new Error(`${dead.name} ended with ${dead.process.exitCode ?? dead.process.signalCode}`);
        return isReady().catch(() => false);
      }, seconds * 1000);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${this.title}: ${what} did not start: ${reason}\n${this.lastWords()}`, { cause: error });
    }
  }

  /** Ends the processes, the last started first, one after the other, and removes the folder. */
  async stop(): Promise<void> {
    for (const { process } of this.children.toReversed()) {
      if (process.exitCode !== null || process.signalCode !== null || process.pid === undefined) continue;
      const ended = new Promise((resolve) => process.once('exit', resolve));
      process.kill('SIGTERM');
      const late = setTimeout(() => process.kill('SIGKILL'), GRACE_MILLISECONDS);
      await ended;
      clearTimeout(late);
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  private logFile(name: string): string {
    return join(this.folder, 'log', `${name}.out`);
  }

  private lastWords(): string {
    return this.children
      .map(
        ({ name }) =>
          `${name}: ${readFileSync(this.logFile(name), 'utf8').split('\n').slice(-LAST_LINES).join('\n  ')}`,
      )
      .join('\n');
  }
}
