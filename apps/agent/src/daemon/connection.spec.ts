import type { ProgramOutput } from '../facts/system.js';
import { isMetered } from './connection.js';

const says = (standardOutput: string, exitCode = 0): ProgramOutput => ({ exitCode, standardOutput, standardError: '' });

describe('a metered connection', () => {
  it.each<[string, ProgramOutput | undefined, boolean]>([
    ['NetworkManager says so', says('u 1\n'), true],
    ['NetworkManager guesses so', says('u 3\n'), true],
    ['NetworkManager says no', says('u 2\n'), false],
    ['NetworkManager guesses no', says('u 4\n'), false],
    ['NetworkManager does not know', says('u 0\n'), false],
    ['there is no NetworkManager', says('', 1), false],
    ['there is no D-Bus', undefined, false],
  ])('is one or not when %s', async (_what, answer, expected) => {
    expect(await isMetered('auto', { run: () => Promise.resolve(answer) })).toBe(expected);
  });

  it('is what the agent was told, without asking anybody', async () => {
    const run = (): Promise<never> => Promise.reject(new Error('asked'));
    expect([await isMetered('yes', { run }), await isMetered('no', { run }), await isMetered('auto', { run })]).toEqual(
      [true, false, false],
    );
  });
});
