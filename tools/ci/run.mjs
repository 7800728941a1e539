import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';

/** Root of the checkout. */
export const repository = resolve(import.meta.dirname, '..', '..');

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const patienceMilliseconds = 10_000;
const lookMilliseconds = 500;
/** Who is above us when all is well. */
const family = ancestors();

/** Something a user can act on: printed as one line, without a stack trace. */
export class Failure extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * Runs a program in the checkout and collects what it prints, in order. Ends with us, and everything that it started: it has a
 * process group of its own, because npm does not pass signals on to what it runs.
 *
 * @returns {Promise<{exitCode: number, output: string}>}
 */
export function runQuietly(command, args, environment = {}) {
  endIfOrphaned();
  return new Promise((done, failed) => {
    const [program, ...rest] = withParent([command, ...args]);
    const child = spawn(program, rest, {
      cwd: repository,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.once('error', (error) => failed(new Failure(`${command} cannot be run: ${error.message}`)));
    let ending;
    const release = onEnd((signal) => {
      killGroup(child.pid, signal);
      if (ending !== undefined) return;
      ending = signal;
      setTimeout(() => killGroup(child.pid, 'SIGKILL'), patienceMilliseconds).unref();
    });
    child.once('close', (code, signal) => {
      release();
      if (ending !== undefined) process.exit(exitCodeOf(null, ending));
      done({ exitCode: exitCodeOf(code, signal), output: Buffer.concat(chunks).toString('utf8') });
    });
  });
}

/**
 * Runs a program in our place: it has the terminal, gets our signals and ends with us, also when we are killed.
 *
 * @returns {Promise<number>} its exit code
 */
export function runInForeground(command, args) {
  endIfOrphaned();
  const [program, ...rest] = withParent([command, ...args]);
  return new Promise((done, failed) => {
    const child = spawn(program, rest, { cwd: process.env.INIT_CWD ?? process.cwd(), stdio: 'inherit' });
    const release = onEnd((signal) => {
      // Ctrl-C in a terminal reaches the whole group; sending it on would be the second one, which means "at once".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
    child.once('error', (error) => failed(new Failure(`${command} cannot be run: ${error.message}`)));
    child.once('exit', (code, signal) => {
      release();
      done(exitCodeOf(code, signal));
    });
  });
}

/** Does something that takes a while: says so at once, shows that it goes on, and how long it took. */
export async function progress(title, work) {
  const started = performance.now();
  process.stdout.write(`${title} …`);
  const dots = setInterval(() => process.stdout.write('.'), 2000);
  try {
    const result = await work();
    process.stdout.write(` ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
    return result;
  } catch (error) {
    process.stdout.write('\n');
    throw error;
  } finally {
    clearInterval(dots);
  }
}

/** The command so that the kernel ends it when we are killed. */
function withParent(command) {
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
  return setpriv === undefined ? command : [setpriv, '--pdeathsig', 'SIGTERM', '--', ...command];
}

/** Calls `end` when we are told to end, or whoever started us is gone. @returns a function that stops listening */
function onEnd(end) {
  const orphaned = setInterval(() => ancestors() !== family && end('SIGTERM'), lookMilliseconds);
  for (const signal of signals) process.on(signal, end);
  return () => {
    clearInterval(orphaned);
    for (const signal of signals) process.off(signal, end);
  };
}

/**
 * Our parent, and npm above it: between npm and us there is a shell, which dies of the signals that npm passes on and does not
 * pass them on to us, and which outlives npm when that is killed.
 */
function ancestors() {
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event === undefined) return `${parent}`;
  try {
    return `${parent} ${readFileSync(`/proc/${parent}/stat`, 'utf8').split(') ').at(-1).split(' ')[1]}`;
  } catch {
    return `${parent}`;
  }
}

function endIfOrphaned() {
  if (ancestors() !== family) process.exit(exitCodeOf(null, 'SIGTERM'));
}

function killGroup(pid, signal) {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // Everything in it has ended.
  }
}

function exitCodeOf(code, signal) {
  return code ?? 128 + (constants.signals[signal] ?? 0);
}
