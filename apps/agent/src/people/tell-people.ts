import { spawn } from 'node:child_process';
import { reasonOf } from '../journal/journal-error.js';

const patienceMilliseconds = 5_000;
/** Tells whoever is logged in on a terminal. */
const usualCommand: readonly string[] | undefined = process.platform === 'win32' ? undefined : ['wall'];

/**
 * Tells people who are logged in, with a program that gets the text as its last argument. Nobody has to be there, and no run depends
 * on it.
 * @param command program and arguments; default: `wall`
 * @param organisation whose word it is; stands before the text
 * @returns what went wrong; undefined: it was told
 */
export function tellPeople(
  text: string,
  command: readonly string[] | undefined,
  organisation?: string,
): Promise<string | undefined> {
  const [program, ...args] = command ?? usualCommand ?? [];
  if (program === undefined) return Promise.resolve('no program to tell people with is known on this system');
  return new Promise((resolve) => {
    const child = spawn(program, [...args, organisation === undefined ? text : `${organisation}: ${text}`], {
      stdio: 'ignore',
      signal: AbortSignal.timeout(patienceMilliseconds),
    });
    child.once('error', (error) => resolve(`${program}: ${reasonOf(error)}`));
    child.once('close', (code, killedBy) =>
      resolve(code === 0 ? undefined : `${program} ended with ${killedBy ?? code}`),
    );
  });
}
