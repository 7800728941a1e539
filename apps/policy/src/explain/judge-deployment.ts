import type { Assignment, PolicyWindow } from '@muster/contracts/agent/policy.js';
import { SILENT_HOURS } from '@muster/contracts/kinds/deployment-progress.js';
import type { DeviceExplanation } from '@muster/contracts/kinds/device-explanation.js';
import type { KnownDevice } from '@muster/contracts/requests/read-device.js';
import { decideForPeople } from '@muster/schedule/decide-for-people.js';
import { describePlatforms, isListedPlatform, type Platform } from '@muster/sequence/platforms.js';
import { describeStart } from '@muster/schedule/describe-start.js';
import { type Fate, fateOfStart } from '@muster/schedule/fate.js';
import { isTimeZone } from '@muster/schedule/zoned-time.js';

type Start = NonNullable<DeviceExplanation['deployments'][number]['start']>;

/** As the agent takes it for a sequence that says nothing. */
const DEFAULT_RUN_MINUTES = 120;

/**
 * What the device does with an assignment now: the decision that its agent makes, with what the site knows of the device. What people there put
 * off it has told; when the computer started and what somebody asked for there, the site does not know.
 */
export function judgeDeployment(
  assignment: Assignment,
  body: {
    readonly enabled: boolean | null;
    readonly maximumMinutes: number | null;
    readonly platforms?: readonly Platform[] | null;
  },
  device: KnownDevice,
  windows: readonly PolicyWindow[],
  now: number,
): Start {
  const { deployment, body: _body, ...rules } = assignment;
  const last = device.lastRuns?.find((run) => run.deploymentUid === deployment.uid);
  if (last && !last.ended) {
    const since = `running since ${last.startedAt ?? 'a moment ago'}`;
    if (last.silent === true)
      return { state: 'silent', says: `${since} as it last said; nothing was heard of it for ${SILENT_HOURS} hours` };
    return { state: 'running', says: since };
  }
  if (body.enabled === false)
    return {
      state: 'disabled',
      says: 'its task sequence is disabled',
      fate: { state: 'waiting', reason: 'disabled' },
    };
  const os = device.facts?.os ?? {};
  if (body.platforms && !isListedPlatform(body.platforms, os))
    return { state: 'rejected', says: describePlatforms(body.platforms, os), fate: { state: 'rejected' } };
  const known = {
    now,
    timeZone: timeZoneOf(device.facts),
    windows,
    onInternet: device.facts?.onInternet,
    writeFilter: device.facts?.writeFilter,
    deployedAt: deployment.createdAt === undefined ? undefined : Date.parse(deployment.createdAt),
    lastRun: last && { startedAt: Date.parse(last.startedAt ?? last.endedAt ?? ''), succeeded: last.succeeded },
    maximumMinutes: body.maximumMinutes ?? DEFAULT_RUN_MINUTES,
  };
  const snooze = device.snoozes?.find(({ deploymentUid }) => deploymentUid === deployment.uid);
  const decision = decideForPeople(rules, known, snooze && Date.parse(snooze.until));
  const fate = fateOfStart(decision, now);
  const again = 'lookAgain' in decision ? decision.lookAgain : undefined;
  return {
    state: decision.state,
    says: describeStart(decision, now),
    ...(fate ? { fate: toldOf(fate) } : {}),
    ...(again === undefined ? {} : { lookAgain: new Date(again).toISOString() }),
  };
}

/** As the device told it, an IANA name; UTC where it has not. */
export function timeZoneOf(facts: KnownDevice['facts']): string {
  const told = facts?.timeZone;
  return told !== undefined && isTimeZone(told) ? told : 'UTC';
}

/** Without its time, which is said as `lookAgain`. */
function toldOf({ state, reason }: Fate): NonNullable<Start['fate']> {
  return reason === undefined ? { state } : { state, reason };
}
