import { duration } from '../output/age.js';
import { safeLine } from '../output/safe-text.js';
import type { RunEvent } from './run-events.js';

const signs = { succeeded: '✓', failed: '✗', skipped: '-' } as const;

/** An event as lines for people. */
export function eventLines(event: RunEvent): string[] {
  const who = `${safeLine(event.device)}  `;
  switch (event.event) {
    case 'run-started':
      return [
        `${who}▶ ${event.sequence}${event.total === undefined ? '' : ` (${event.total} steps)`}, run ${event.run}`,
      ];
    case 'step-started':
      return [`${who}  … ${safeLine(event.path)}${tryOf(event.attempt)}`];
    case 'step-finished':
      return stepLines(who, event);
    case 'run-finished': {
      if (event.result === 'restart-pending') return [`${who}↻ restarts and goes on`];
      if (event.result === 'silent') return [`${who}? nothing was heard of it for a day`];
      const why = event.message === undefined ? '' : `: ${safeLine(event.message)}`;
      return [`${who}${signs[event.result]} ${event.result}${between(event.startedAt, event.at, ' in ')}${why}`];
    }
  }
}

function stepLines(who: string, event: Extract<RunEvent, { event: 'step-finished' }>): string[] {
  const words = [`${who}  ${signs[event.outcome]} ${safeLine(event.path)}`];
  if (event.outcome === 'skipped') words.push(`(skipped: ${event.reason ?? 'no reason given'})`);
  if (event.outcome === 'succeeded' && event.exitCode !== undefined && event.exitCode !== 0)
    words.push(`(exit code ${event.exitCode})`);
  if (event.outcome === 'failed') {
    const why =
      event.message ?? (event.exitCode === undefined ? (event.reason ?? 'failed') : `exit code ${event.exitCode}`);
    words.push(`(${safeLine(why)}${event.continuedOnError ? '; goes on' : ''})`);
  }
  const line = `${words.join(' ')}${tryOf(event.attempt)}${event.outcome === 'skipped' ? '' : between(event.startedAt, event.at, '  ')}`;
  const last = event.output?.trim().split('\n').at(-1);
  return event.outcome === 'failed' && last ? [line, `${who}      | ${safeLine(last)}`] : [line];
}

function tryOf(attempt: number | undefined): string {
  return (attempt ?? 1) > 1 ? ` [try ${attempt}]` : '';
}

function between(from: string | undefined, to: string | undefined, before: string): string {
  return from === undefined || to === undefined ? '' : `${before}${duration(Date.parse(to) - Date.parse(from))}`;
}
