import type { DeploymentRollout } from '@muster/contracts/kinds/deployment-rollout.js';
import { describeStage } from '@muster/schedule/rollout/decide-permit.js';
import {
  errorsAllowedIn,
  type GroupProgress,
  judgeRollout,
  mostOpenPermits,
  neededIn,
  openPermits,
} from '@muster/schedule/rollout/judge-rollout.js';
import type { RolloutGroup } from '@muster/schedule/rollout/rollout.js';
import type { RolloutRow } from './rollout.repository.js';

/** A rollout as people read it, judged at the moment of reading. */
export function rolloutDocument(row: RolloutRow, now: number): DeploymentRollout {
  const { deployment, rules, body, attempt, lastAction } = row;
  const { progress, stage } = judgeRollout(rules, row.progress, { now, members: row.members });
  const held = row.hold === null ? '' : '; the deployment is held: nobody starts it';
  return {
    deployment,
    stage: body === null ? 'not-begun' : stage.stage,
    says:
      (body === null
        ? 'devices are told nothing of the deployment yet'
        : describeStage(rules, { progress, stage }, now)) + held,
    ...(body === null ? {} : { body }),
    attempt,
    atMostStarted: mostOpenPermits(rules),
    open: openPermits(progress),
    ...(stage.stage === 'paused' ? { code: stage.code } : {}),
    groups: rules.groups.map((rule, index) => groupDocument(rule, progress.groups[index]!, body !== null)),
    ...(lastAction ? { lastAction } : {}),
  };
}

function groupDocument(rule: RolloutGroup, group: GroupProgress, begun: boolean): DeploymentRollout['groups'][number] {
  const { open, succeeded, failed, silent, forgiven, openedAt, goodAt, devices } = group;
  const opened = begun && openedAt !== undefined;
  const approval = group.approval ?? (rule.approval ? 'needed' : undefined);
  return {
    name: rule.name,
    state: !opened ? 'closed' : goodAt === undefined ? 'open' : 'good',
    ...(opened
      ? {
          devices: devices ?? 0,
          needed: neededIn(rule, group),
          errorsAllowed: errorsAllowedIn(rule, group),
          openedAt: new Date(openedAt).toISOString(),
        }
      : {}),
    open,
    succeeded,
    failed,
    silent,
    forgiven,
    ...(goodAt === undefined ? {} : { goodAt: new Date(goodAt).toISOString() }),
    ...(approval ? { approval } : {}),
  };
}
