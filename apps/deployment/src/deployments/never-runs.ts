import type { DeploymentSpec } from '@muster/contracts/kinds/deployment.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import type { ResourceInput } from '@muster/contracts/resource.js';
import { nextOccurrence } from '@muster/schedule/occurrences.js';
import type { Schedule } from '@muster/schedule/schedule.js';
import { lastInstant, momentInstant } from '@muster/schedule/zoned-time.js';
import { isDeepStrictEqual } from 'node:util';
import { refuseSettings } from './refuse-settings.js';

/** Where it is a moment first, and last: what is true in both is true between them. */
const OUTERMOST_ZONES = ['Etc/GMT-14', 'Etc/GMT+12'];

/**
 * Times that let no device ever run it. Who changes something else of a deployment that has them already may do so.
 *
 * @throws MusterError `deployment.never-runs` (400) when it has expired everywhere as it is made, or expires before any of its
 * triggers comes and nobody may start it earlier
 */
export function refuseNeverRunning(
  { metadata, spec }: ResourceInput<DeploymentSpec>,
  before: DeploymentSpec | undefined,
  now: number,
): void {
  refuseSettings(metadata.name, [
    ...(before === undefined ? overAlready(spec, now) : []),
    ...(before === undefined || !isDeepStrictEqual(timesOf(before), timesOf(spec)) ? expiresFirst(spec) : []),
  ]);
}

function timesOf({ purpose, expiresAt, triggers, usersMayStart }: DeploymentSpec): unknown[] {
  return [purpose, expiresAt, triggers, usersMayStart];
}

function overAlready({ expiresAt }: DeploymentSpec, now: number): ProblemFinding[] {
  if (expiresAt === undefined || lastInstant(expiresAt) > now) return [];
  return [finding(`expiresAt (${expiresAt}) is over everywhere: no device would ever start it`, 'Choose a later time')];
}

function expiresFirst({ purpose, expiresAt, triggers, usersMayStart }: DeploymentSpec): ProblemFinding[] {
  if (purpose !== 'Required' || expiresAt === undefined || triggers === undefined || usersMayStart) return [];
  const schedules = triggers.flatMap((trigger) => ('schedule' in trigger ? [trigger.schedule] : []));
  if (schedules.length < triggers.length) return [];
  if (schedules.some((schedule) => OUTERMOST_ZONES.some((zone) => comesBefore(schedule, expiresAt, zone)))) return [];
  return [
    finding(
      `it expires (${expiresAt}) before the first of its triggers comes, and usersMayStart lets nobody start it earlier`,
      'Let it expire later, or its triggers come earlier',
    ),
  ];
}

function comesBefore(schedule: Schedule, expiresAt: string, zone: string): boolean {
  const end = momentInstant(expiresAt, zone);
  return (nextOccurrence(schedule, momentInstant(schedule.start, zone) - 1, zone) ?? Infinity) < end;
}

function finding(message: string, fix: string): ProblemFinding {
  return { path: '/spec/expiresAt', code: 'deployment.never-runs', severity: 'error', message, fix };
}
