import type { DeploymentRollout } from '@muster/contracts/kinds/deployment-rollout.js';
import { safeLine } from './safe-text.js';
import { formatTable } from './table.js';

const SITE_HEADINGS = ['SITE', 'SHARE', 'OPEN', 'KEEPS TO IT'];
const HEADINGS = ['GROUP', 'STATE', 'DEVICES', 'OPEN', 'SUCCEEDED', 'FAILED', 'SILENT', 'GOOD WITH', 'ERRORS ALLOWED'];

/** How far a rollout is, for people. */
export function rolloutLines(rollout: DeploymentRollout): string[] {
  const { lastAction, groups, sites = [] } = rollout;
  return [
    rolloutLine(rollout),
    ...(lastAction
      ? [
          safeLine(
            `last       ${lastAction.action} by ${lastAction.actor} at ${lastAction.at}${lastAction.reason === undefined ? '' : `: ${lastAction.reason}`}`,
          ),
        ]
      : []),
    '',
    ...formatTable(HEADINGS, groups.map(row)),
    ...(sites.length === 0 ? [] : ['', ...formatTable(SITE_HEADINGS, sites.map(siteRow))]),
  ];
}

/** The same in one line. */
export function rolloutLine({ says, open, atMostStarted, share, attempt }: DeploymentRollout): string {
  const again = attempt > 1 ? `, attempt ${attempt}` : '';
  const most =
    share === undefined
      ? `at most ${atMostStarted}`
      : `at most ${Math.min(share, atMostStarted)} (of ${atMostStarted} at all sites)`;
  return safeLine(`rollout    ${says}; ${open} of ${most} started and not ended${again}`);
}

function siteRow({ site, share, open, heard }: NonNullable<DeploymentRollout['sites']>[number]): string[] {
  return [site, String(share), String(open), heard ? 'yes' : 'not said yet'];
}

function row(group: DeploymentRollout['groups'][number]): string[] {
  const { name, state, devices, needed, errorsAllowed, open, succeeded, failed, silent, forgiven, approval } = group;
  const waits = state === 'closed' && approval !== undefined ? `, approval ${approval}` : '';
  const taken = forgiven > 0 ? ` (${forgiven} taken)` : '';
  return [
    name,
    `${state}${waits}`,
    devices === undefined ? '-' : String(devices),
    String(open),
    String(succeeded),
    String(failed),
    String(silent),
    needed === undefined ? '-' : String(needed),
    errorsAllowed === undefined ? '-' : `${errorsAllowed}${taken}`,
  ];
}
