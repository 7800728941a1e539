import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@muster/testing/free-port.js';
import { placePostgres } from '@muster/testing/shared-postgres.js';
import { until } from '@muster/testing/until.js';
import { runCli } from '../../apps/cli/src/program.js';

export const REPOSITORY = join(import.meta.dirname, '..', '..');

/** How a command ended. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A whole site as a user has it: started by `muster up`, reached through its one port, the CLI and its data folder. */
export class SiteUnderTest {
  private process: ChildProcess | undefined;
  output = '';
  /**
   * Whether each command is a process of the built program, as a user has it. Others run here, in the process of the test: to start
   * a program for each took a third of the time of all end-to-end tests.
   */
  commandsAreProcesses = false;

  private constructor(
    readonly folder: string,
    readonly port: number,
    /** The built tree whose programs it runs: another one at the next start when it is upgraded. */
    public programs: string,
    /** The contexts of the CLI: what `muster up` writes and the other commands use. */
    private readonly contexts: string,
  ) {}

  static async create(programs = REPOSITORY): Promise<SiteUnderTest> {
    const folder = mkdtempSync(join(tmpdir(), 'muster-e2e-'));
    return new SiteUnderTest(folder, await freePort(), programs, join(folder, 'config.json'));
  }

  /** The same with an empty database server in its data folder, which tests share: for tests of what comes behind the first start. */
  static async withDatabase(): Promise<SiteUnderTest> {
    const site = await SiteUnderTest.create();
    await placePostgres(site.data);
    return site;
  }

  /** Another site of the same user on the same machine. */
  static async beside({ contexts, programs }: SiteUnderTest): Promise<SiteUnderTest> {
    return new SiteUnderTest(mkdtempSync(join(tmpdir(), 'muster-e2e-')), await freePort(), programs, contexts);
  }

  private get cli(): string {
    return join(this.programs, 'apps', 'cli', 'muster.js');
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  get environment(): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !name.startsWith('MUSTER_') && !name.startsWith('NODE_OPTIONS'),
    );
    return { ...Object.fromEntries(inherited), MUSTER_CONFIG: this.contexts };
  }

  /** The administrator's token, from the context file that `up` wrote. */
  get token(): string {
    const file = JSON.parse(readFileSync(this.contexts, 'utf8')) as {
      contexts: { local: { token: string } };
    };
    return file.contexts.local.token;
  }

  /** `muster up` with more flags; resolves when it serves. */
  async up(...flags: string[]): Promise<void> {
    this.output = '';
    const child = spawn(
      process.execPath,
      [this.cli, 'up', '--data', this.data, '--port', String(this.port), ...flags],
      {
        env: this.environment,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.process = child;
    child.stdout.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    await until(() => {
      if (child.exitCode !== null) throw new Error(`muster up ended with ${child.exitCode}:\n${this.output}`);
      return this.output.includes('serves at');
    }, 120_000);
  }

  /** Ctrl-C, and waits for the end. @returns the exit code */
  async interrupt(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    const child = this.process;
    if (!child || child.exitCode !== null) return child?.exitCode ?? null;
    child.kill(signal);
    await until(() => child.exitCode !== null || child.signalCode !== null, 60_000);
    return child.exitCode;
  }

  /** Process numbers of the site's parts by name, as they are now. */
  pids(): Record<string, number> {
    const file = join(this.data, 'children.json');
    if (!existsSync(file)) return {};
    const children = JSON.parse(readFileSync(file, 'utf8')) as { name: string; pid: number }[];
    return Object.fromEntries(children.map(({ name, pid }) => [name, pid]));
  }

  /** Runs a CLI command to its end. */
  muster(...args: string[]): Promise<Ended> {
    // `up` has processes and signals of its own, and an older release its own program.
    const isProcess = this.commandsAreProcesses || this.programs !== REPOSITORY || args[0] === 'up';
    return isProcess ? run(this.cli, args, this.environment) : runHere(args, this.environment);
  }

  /** A CLI command that must succeed; its standard output. */
  async ok(...args: string[]): Promise<string> {
    const ended = await this.muster(...args);
    if (ended.code !== 0)
      throw new Error(`muster ${args.join(' ')} ended with ${ended.code}:\n${ended.stdout}\n${ended.stderr}`);
    return ended.stdout;
  }

  /** An authenticated REST call through the site's one port. */
  rest(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${this.token}`, ...init.headers },
    });
  }

  async remove(): Promise<void> {
    await this.interrupt();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs a CLI command in this process: with an environment, without anybody who could be asked. Not those that the agent's program runs. */
async function runHere(args: string[], environment: NodeJS.ProcessEnv): Promise<Ended> {
  const ended = { stdout: '', stderr: '' };
  const code = await runCli(args, {
    environment,
    interactive: false,
    outputClosed: false,
    out: (line) => void (ended.stdout += `${line}\n`),
    error: (line) => void (ended.stderr += `${line}\n`),
    progress: () => undefined,
    readStandardInput: () => Promise.resolve(Buffer.alloc(0)),
    interruption: () => new AbortController().signal,
  });
  return { code, ...ended };
}

/** Runs a Node program to its end. */
export function run(script: string, args: string[], environment: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
