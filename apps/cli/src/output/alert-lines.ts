import type { AlertSpec, AlertStatus } from '@muster/contracts/kinds/alert.js';
import type { Resource } from '@muster/contracts/resource.js';
import { age } from './age.js';

/** An alert for people: what it is, since when, and what was said of it. */
export function alertLines({ metadata, spec, status }: Resource<AlertSpec, AlertStatus>, now: Date): string[] {
  const ago = (at: string): string => `${at} (${age(at, now)} ago)`;
  const { kind, name } = spec.subject;
  const fields: [string, string | undefined][] = [
    ['Alert', metadata.name],
    ['Site', status.site],
    ['About', `${kind} ${name} (${spec.rule})`],
    ['State', `${status.state}${status.changedBy === undefined ? '' : `, by ${status.changedBy}`}`],
    ['Until', status.postponedUntil],
    ['Severity', status.severity],
    ['Message', status.message],
    ['Raised', `${ago(status.raisedAt)}${status.raised > 1 ? `, ${status.raised} times so far` : ''}`],
    ['Resolved', status.resolvedAt && ago(status.resolvedAt)],
    ['Condition', status.holds ? 'still true' : 'not true any more'],
  ];
  const lines = fields.flatMap(([label, value]) => (value ? [`${`${label}:`.padEnd(11)}${value}`] : []));
  if (status.comments.length === 0) return lines;
  return [...lines, 'Comments:', ...status.comments.map(({ at, by, text }) => `  ${at}  ${by}: ${text}`)];
}
