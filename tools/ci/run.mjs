import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';

/** Root of the checkout. */
export const repository = resolve(import.meta.dirname, '..', '..');

/** Something a user can act on: printed as one line, without a stack trace. */
export class Failure extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * Runs a program in the checkout and collects what it prints, in order.
 *
 * @returns {Promise<{exitCode: number, output: string}>}
 */
export function runQuietly(command, args, environment = {}) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, {
      cwd: repository,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.once('error', (error) => failed(new Failure(`${command} cannot be run: ${error.message}`)));
    child.once('close', (code, signal) =>
      done({ exitCode: exitCodeOf(code, signal), output: Buffer.concat(chunks).toString('utf8') }),
    );
  });
}

/**
 * Runs a program in our place: it has the terminal, gets our signals and ends with us, also when we are killed.
 *
 * @returns {Promise<number>} its exit code
 */
export function runInForeground(command, args) {
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
  const line = setpriv === undefined ? [command, ...args] : [setpriv, '--pdeathsig', 'SIGTERM', '--', command, ...args];
  return new Promise((done, failed) => {
    const child = spawn(line[0], line.slice(1), { cwd: process.env.INIT_CWD ?? process.cwd(), stdio: 'inherit' });
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    // Ctrl-C in a terminal reaches the whole group; sending it on would be the second one, which means "at once".
    process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
    const parent = process.ppid;
    const orphaned = setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 1000);
    child.once('error', (error) => failed(new Failure(`${command} cannot be run: ${error.message}`)));
    child.once('exit', (code, signal) => {
      clearInterval(orphaned);
      done(exitCodeOf(code, signal));
    });
  });
}

function exitCodeOf(code, signal) {
  return code ?? 128 + (constants.signals[signal] ?? 0);
}
