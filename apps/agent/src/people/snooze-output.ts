import { InvalidArgumentError } from 'commander';
import type { PutOff } from './snooze-command.js';

/**
 * Minutes of `45m` or `2h`.
 * @throws InvalidArgumentError when it is neither, or nothing
 */
export function minutesOf(text: string): number {
  const [, count = '', unit] = /^(\d{1,4})(m|h)$/.exec(text) ?? [];
  const minutes = Number(count) * (unit === 'h' ? 60 : 1);
  if (minutes > 0) return minutes;
  throw new InvalidArgumentError(`"${text}" is no time: 45m or 2h is expected`);
}

/** What was put off, for people. */
export function putOffLines({ deployment, what, until, latest }: PutOff): string[] {
  const subject = what === 'start' ? `${deployment} starts` : `this computer restarts for ${deployment}`;
  const left = Math.floor((latest - until) / 60_000);
  const more = left < 1 ? 'and is put off no further' : `and may be put off by ${left} min more`;
  return [`${subject} at ${new Date(until).toISOString()}, ${more}`];
}
