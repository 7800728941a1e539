import type { PackageManagerName, UpdateTarget } from '@muster/sequence/steps/install-software-updates/definition.js';
import type { ProcessOutcome } from '../child-process.js';
import type { StepContext } from '../executor.js';
import { StepError } from '../step-error.js';
import { type CapturedOutcome, captureProcess } from '../install-application/captured-process.js';
import { type StepFailure, failureOf } from '../install-package/run-program.js';

/** What a step wants from the package manager. */
export interface UpdateRequest {
  readonly target: UpdateTarget;
  /** Only these packages of the system; undefined: all. */
  readonly packages?: readonly string[] | undefined;
  readonly useCachedScan: boolean;
  readonly scanTimeoutSeconds: number;
}

/** What was done. */
export interface UpdateResult {
  /** One line each, for the report. */
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
  readonly restart: boolean;
}

/** One package manager. @throws UpdateError when it does not do what it is told */
export type PackageManager = (request: UpdateRequest, commands: UpdateCommands) => Promise<UpdateResult>;

/** A failed command of a package manager. */
export class UpdateError extends Error {
  override readonly name = 'UpdateError';

  constructor(
    readonly failure: StepFailure,
    /** The end of what the command said. */
    readonly output: string | undefined,
  ) {
    super(failure.message);
  }
}

/** Questions nobody is there to answer are not asked; messages are in English, because they are read. */
const environment = { DEBIAN_FRONTEND: 'noninteractive', APT_LISTCHANGES_FRONTEND: 'none', LC_ALL: 'C' };

const programs = { apt: 'apt-get', dnf: 'dnf', zypper: 'zypper' } as const satisfies Record<PackageManagerName, string>;

/** Runs the commands of a package manager for one step. */
export class UpdateCommands {
  constructor(private readonly context: StepContext) {}

  /** The package manager of this system: the one asked for, or the first that is there. */
  async find(wanted: PackageManagerName | undefined): Promise<PackageManagerName> {
    const names = wanted === undefined ? (Object.keys(programs) as PackageManagerName[]) : [wanted];
    for (const name of names) {
      const end = await this.capture(['/bin/sh', '-c', 'command -v "$1"', 'sh', programs[name]], undefined);
      this.context.signal.throwIfAborted();
      if (end.exitCode === 0) return name;
    }
    const list = names.map((name) => programs[name]).join(', ');
    throw new StepError(
      'updates.no-package-manager',
      `this computer has no package manager that Muster knows: ${list}`,
    );
  }

  /** Looks for updates; any exit code but `allowed` fails with `updates.scan-failed`. */
  async scan(
    command: readonly string[],
    timeoutSeconds: number,
    allowed: readonly number[] = [0],
  ): Promise<CapturedOutcome> {
    const limit = Math.min(timeoutSeconds, this.context.timeoutSeconds ?? timeoutSeconds);
    const end = await this.capture(command, limit);
    return this.judge('updates.scan-failed', command, end, allowed);
  }

  /** Changes the system; any exit code but `allowed` fails with `updates.install-failed`. The timeout is the step's. */
  async install(command: readonly string[], allowed: readonly number[] = [0]): Promise<CapturedOutcome> {
    const end = await this.capture(command, this.context.timeoutSeconds);
    return this.judge('updates.install-failed', command, end, allowed);
  }

  /** Asks something whose exit code is the answer. */
  async ask(command: readonly string[]): Promise<CapturedOutcome> {
    const end = await this.capture(command, 600);
    this.context.signal.throwIfAborted();
    return end;
  }

  private capture([command = '', ...words]: readonly string[], timeoutSeconds: number | undefined) {
    this.context.signal.throwIfAborted();
    const { context } = this;
    return captureProcess(
      {
        command,
        arguments: words,
        workingDirectory: context.folder,
        environment: { ...context.exportedVariables, ...environment },
        timeoutSeconds,
        marker: context.marker,
        secrets: () => context.secrets,
        signal: context.signal,
      },
      context.folder,
    );
  }

  private judge(
    code: string,
    command: readonly string[],
    end: CapturedOutcome,
    allowed: readonly number[],
  ): CapturedOutcome {
    const failure = failureOf(command.slice(0, 4).join(' '), withoutRestartCode(end), allowed);
    if (!failure) return end;
    const said = `${end.stdout}\n${end.stderr}`.trim().slice(-600);
    throw new UpdateError({ ...failure, code: end.error ? failure.code : code }, said === '' ? undefined : said);
  }
}

/** Package managers never mean 3010 by 194. */
function withoutRestartCode(end: ProcessOutcome): ProcessOutcome {
  return end.exitCode === 3010 ? { ...end, exitCode: 194 } : end;
}
