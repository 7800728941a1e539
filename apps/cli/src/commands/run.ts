import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';

/** The agent's own program for commands that need no server, as built beside this one. Apps never import apps, so it is a process. */
const program = fileURLToPath(new URL('../../../agent/src/command-line/main-local.js', import.meta.url));

/**
 * `muster run FILE …`, `muster explain FILE …`: on this computer with the agent's program, same terminal, same signals.
 *
 * @param args the command and its arguments
 *
 * @returns its exit code, 128 + number when a signal killed it
 */
export function runAgentProgram(args: readonly string[], script = program): Promise<number> {
  if (!existsSync(script)) {
    throw new CliError(
      'cli.not-built',
      `${script} is missing: run "npm start" (or "npm run build") first`,
      EXIT_CODES.usage,
    );
  }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: 'inherit' });
    // A terminal sends Ctrl-C to both of us; the child decides what it means.
    const forward = (signal: NodeJS.Signals): void => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    for (const signal of signals) process.on(signal, forward);
    const done = (): void => {
      for (const signal of signals) process.off(signal, forward);
    };
    child.once('error', (error) => {
      done();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      done();
      resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']);
    });
  });
}
