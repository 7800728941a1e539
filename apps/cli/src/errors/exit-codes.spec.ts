import { CATEGORIES } from '@muster/contracts/problem.js';
import { upErrorCodes } from '@muster/localsite/up-error.js';
import { UpError } from '@muster/localsite/up-error.js';
import { asCliError } from '../up-command/site-errors.js';
import { apiErrorOf } from '../api/api-error.js';
import { CliError } from './cli-error.js';
import { combineExitCodes, EXIT_CODES, EXIT_CODES_HELP, exitCodeOfStatus } from './exit-codes.js';

describe('exit codes', () => {
  it.each([
    ['invalid', 3],
    ['unauthenticated', 6],
    ['forbidden', 6],
    ['not-found', 4],
    ['conflict', 5],
    ['too-large', 3],
    ['unavailable', 7],
    ['bug', 1],
  ] as const)('of the category "%s" for a document is %d', (category, code) => {
    expect(exitCodeOfStatus(CATEGORIES[category].status, true)).toBe(code);
  });

  it('of a refused request without a document is 1', () => {
    expect(exitCodeOfStatus(400, false)).toBe(EXIT_CODES.failed);
  });

  it('of a missing reference that a command named is "not found"', () => {
    const problem = { type: 'about:blank', title: 'Invalid', status: 400, code: 'deployment.missing-reference' };
    expect(apiErrorOf('http://x', 400, JSON.stringify(problem), false).exitCode).toBe(EXIT_CODES.notFound);
    expect(apiErrorOf('http://x', 400, JSON.stringify(problem), true).exitCode).toBe(EXIT_CODES.invalidDocument);
  });

  it('of several failures is theirs when they agree, else 1', () => {
    expect(combineExitCodes([])).toBe(0);
    expect(combineExitCodes([5, 5])).toBe(5);
    expect(combineExitCodes([5, 3])).toBe(1);
  });

  it('are all in the help', () => {
    for (const code of Object.values(EXIT_CODES)) expect(EXIT_CODES_HELP).toMatch(new RegExp(`^ {2}${code} `, 'm'));
  });

  it('exist for everything that keeps a site from starting', () => {
    for (const code of upErrorCodes) {
      const error = asCliError(new UpError(code, 'why'));
      expect(error).toBeInstanceOf(CliError);
      expect((error as CliError).exitCode).toBeGreaterThan(0);
      expect((error as CliError).code).toBe(code);
    }
  });
});
