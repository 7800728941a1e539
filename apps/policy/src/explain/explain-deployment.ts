import type { DeviceExplanation } from '@muster/contracts/kinds/device-explanation.js';
import type { explainPermits } from '@muster/contracts/requests/ask-permit.js';
import { resultantSettings } from '@muster/contracts/kinds/resultant-settings.js';
import type { KnownDevice } from '@muster/contracts/requests/read-device.js';
import type { MusterError } from '@muster/platform/errors.js';
import type { z } from 'zod';
import { isFor } from '../serving/abilities.js';
import type { PolicyContent } from '../serving/policy-document.js';
import type { TargetedDeployment } from './explain.repository.js';
import { judgeDeployment } from './judge-deployment.js';

/** What a device would be answered if it asked for a permit. */
export type Permit = z.infer<typeof explainPermits.answer>['permits'][number];

type Explained = DeviceExplanation['deployments'][number];

/** What is known where a deployment is explained. */
interface Known {
  readonly device: KnownDevice;
  readonly content: Pick<PolicyContent, 'windows' | 'abilities' | 'clientSettings'>;
  /** Why the site gives the device nothing at all. */
  readonly refusal: MusterError | undefined;
  /** Why no run can have its secrets. */
  readonly secrets: DeviceExplanation['problems'][number] | undefined;
  readonly now: number;
}

/** What one deployment means for a device: whether it is told, when it would start, and what its rollout says to that. */
export function explainDeployment(
  { assignment, code, reason, enabled, maximumMinutes, platforms, ...one }: TargetedDeployment,
  permit: Permit | undefined,
  { device, content, refusal, secrets, now }: Known,
): Explained {
  if (assignment && !isFor(assignment, content.abilities)) {
    const what = assignment.rollout
      ? 'a deployment with a rollout'
      : 'one that says which points may serve it, or where it must not run';
    const old = `its agent is too old for ${what}: update the agent; it is told at its next poll then`;
    return { ...one, code: 'policy.agent-too-old', reason: old, told: false };
  }
  const start =
    assignment && judgeDeployment(assignment, { enabled, maximumMinutes, platforms }, device, content.windows, now);
  return {
    ...one,
    ...(code === null ? {} : { code }),
    ...(reason === null ? {} : { reason }),
    ...(start
      ? { start: refusal ? refusedBy(refusal) : withSecrets(withStarter(withPermit(start, permit), content), secrets) }
      : {}),
    ...lastTold(one.uid, device),
    ...(permit ? { rollout: rolloutOf(permit) } : {}),
    told: assignment !== null,
  };
}

/** Who is logged on, whom it has warned and which connection it has only the device knows: what it told of that. */
function lastTold(uid: string, { fates, lastRuns }: KnownDevice): Pick<Explained, 'lastTold'> {
  const told = fates?.find(({ deploymentUid }) => deploymentUid === uid);
  const runs = lastRuns?.some(({ deploymentUid, ended }) => deploymentUid === uid && !ended) === true;
  if (!told || runs) return {};
  const { deploymentUid: _, ...fate } = told;
  return { lastTold: fate };
}

/** As its agent says it, whatever the deployment is. */
function refusedBy({ code }: MusterError): NonNullable<Explained['start']> {
  return { state: 'refused', says: `nothing starts there (${code})` };
}

/** Nothing begins without them. */
function withSecrets(
  start: NonNullable<Explained['start']>,
  secrets: Known['secrets'],
): NonNullable<Explained['start']> {
  if (!secrets || start.state === 'running') return start;
  const says = `waits: ${secrets.message} (${secrets.code})`;
  return { state: 'no-secrets', says, fate: { state: 'waiting', reason: 'secrets' } };
}

/** What somebody at the device must ask for nobody may, where its settings say so. */
function withStarter(
  start: NonNullable<Explained['start']>,
  { clientSettings }: Known['content'],
): NonNullable<Explained['start']> {
  const said = resultantSettings(clientSettings).find(({ name }) => name === 'usersMayStart')?.winner;
  if (start.state !== 'offered' || said?.value !== false) return start;
  return { ...start, says: `nobody at the device may start anything (usersMayStart of settings "${said.from}")` };
}

/** What would start now starts with a permit only. */
function withPermit(
  start: NonNullable<Explained['start']>,
  permit: Permit | undefined,
): NonNullable<Explained['start']> {
  if (start.state !== 'start' || !permit || permit.granted) return start;
  const says = `waits for a start permit: ${permit.message ?? permit.code ?? ''}`;
  return { state: 'waiting', says, fate: { state: 'waiting', reason: 'permit' } };
}

function rolloutOf({ granted, group, code, message }: Permit): NonNullable<Explained['rollout']> {
  return {
    granted,
    ...(group === undefined ? {} : { group }),
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message }),
  };
}
