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
import type { SiteSharing } from './rollout-sharing.js';

/**
 * A rollout as people read it, judged at the moment of reading.
 *
 * @param sites at a site that divides it: those that have it; it is the sum of theirs then
 */
export function rolloutDocument(row: RolloutRow, now: number, sites?: readonly SiteSharing[]): DeploymentRollout {
  return sites ? sumDocument(row, sites) : ownDocument(row, now);
}

function ownDocument(row: RolloutRow, now: number): DeploymentRollout {
  const { deployment, rules, body, attempt, lastAction, share } = row;
  const { progress, stage } = judgeRollout(rules, row.progress, { now, members: row.members });
  const held = row.hold === null ? '' : '; the deployment is held: nobody starts it';
  return {
    deployment,
    stage: body === null ? 'not-begun' : stage.stage,
    says:
      (body === null
        ? 'devices are told nothing of the deployment yet'
        : describeStage(rules, { progress, stage }, now)) +
      held +
      (share?.held === undefined ? '' : `; ${share.held}`),
    ...(body === null ? {} : { body }),
    attempt,
    atMostStarted: mostOpenPermits(rules),
    ...(share ? { share: share.most } : {}),
    open: openPermits(progress),
    ...(stage.stage === 'paused' ? { code: stage.code } : {}),
    groups: rules.groups.map((rule, index) => groupDocument(rule, progress.groups[index]!, body !== null)),
    ...(lastAction ? { lastAction } : {}),
  };
}

function sumDocument(row: RolloutRow, sites: readonly SiteSharing[]): DeploymentRollout {
  const { deployment, rules, attempt, lastAction, progress } = row;
  const { groups, paused } = progress;
  const opened = groups.filter(({ openedAt }) => openedAt !== undefined);
  const isGood = groups.length > 0 && groups.every(({ goodAt }) => goodAt !== undefined);
  return {
    deployment,
    stage: paused ? 'paused' : opened.length === 0 ? 'not-begun' : isGood ? 'complete' : 'starting',
    says: paused
      ? `paused for all sites: ${paused.message}`
      : `each of ${sites.length} primary sites opens its groups by itself; these are their sums`,
    attempt,
    atMostStarted: mostOpenPermits(rules),
    sites: sites.map(({ site, told, heard, use }) => ({
      site,
      share: told,
      open: (use?.groups ?? []).reduce((sum, { open }) => sum + open, 0),
      heard,
    })),
    open: openPermits(progress),
    ...(paused ? { code: paused.code } : {}),
    groups: rules.groups.map((rule, index) => groupDocument(rule, progress.groups[index]!, true)),
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
