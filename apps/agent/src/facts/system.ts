import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, platform } from 'node:os';

/** What a program said. */
export interface ProgramOutput {
  readonly exitCode: number;
  readonly standardOutput: string;
  readonly standardError: string;
}

/** The computer, as far as facts and conditions look at it; tests put recorded answers in its place. */
export interface System {
  readonly platform: NodeJS.Platform;
  /** As Node calls it: x64, ia32, arm64, … */
  readonly architecture: string;
  readonly environment: NodeJS.ProcessEnv;
  /** A whole text file. Throws what the system says. */
  read(path: string): string;
  /** Undefined when there is no such program. Throws when it takes longer than a minute or says more than a megabyte. */
  run(
    program: string,
    args: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ): Promise<ProgramOutput | undefined>;
}

const programSeconds = 60;
const outputBytes = 1024 * 1024;

/** This computer. Programs run without a shell and in the C locale, so that what they say can be read. */
export const thisSystem: System = {
  platform: platform(),
  architecture: arch(),
  environment: process.env,
  read: (path) => readFileSync(path, 'utf8'),
  run: (program, args, environment) =>
    new Promise((resolve, reject) => {
      const env = { ...process.env, LC_ALL: 'C', LANGUAGE: '', ...environment };
      const options = { env, timeout: programSeconds * 1000, maxBuffer: outputBytes, windowsHide: true } as const;
      execFile(program, [...args], { ...options, killSignal: 'SIGKILL' }, (error, standardOutput, standardError) => {
        if (!error) resolve({ exitCode: 0, standardOutput, standardError });
        else if (typeof error.code === 'number') resolve({ exitCode: error.code, standardOutput, standardError });
        else if (String(error.code) === 'ENOENT') resolve(undefined);
        else {
          const why = error.killed ? `gave no answer within ${programSeconds} s` : error.message;
          reject(new Error(`${program} ${why}`));
        }
      });
    }),
};

/** The first of several files that can be read. */
export function readFirst(system: Pick<System, 'read'>, paths: readonly string[]): string | undefined {
  for (const path of paths) {
    try {
      return system.read(path);
    } catch {
      // The next place may have it.
    }
  }
  return undefined;
}
