import type { DeploymentSpec } from '@muster/contracts/kinds/deployment.js';
import type { ResourceInput } from '@muster/contracts/resource.js';
import { refuseSettings } from './refuse-settings.js';

/**
 * What only agents in an installed system look at. A computer that starts from boot media or PXE asks for no time: a Required deployment
 * begins there by itself, an Available one is chosen.
 */
const FOR_AGENTS = [
  'availableAt',
  'expiresAt',
  'triggers',
  'rerun',
  'usersMayStart',
  'fetchAhead',
  'onMetered',
  'onWriteFilter',
  'restartOutsideWindows',
  'wakeUp',
  'suppressNotifications',
  'warnMinutes',
  'rollout',
] as const;

/**
 * Who changes something else of a deployment that has such settings already may do so.
 *
 * @throws MusterError `deployment.setting-without-effect` (400) with one finding for each setting that media and PXE do not know
 */
export function refuseIdleOnMedia(
  { metadata, spec }: ResourceInput<DeploymentSpec>,
  before: DeploymentSpec | undefined,
): void {
  if (!isMediaOnly(spec)) return;
  const kept = before && isMediaOnly(before) ? before : undefined;
  refuseSettings(
    metadata.name,
    FOR_AGENTS.filter((name) => spec[name] !== undefined && kept?.[name] === undefined).map((name) => ({
      path: `/spec/${name}`,
      code: 'deployment.setting-without-effect',
      severity: 'error',
      message: `${name} is for agents in an installed system: what starts from boot media or PXE does not look at it, and availableTo is ${spec.availableTo}`,
      fix: 'Leave it out, or make it available to ClientsMediaAndPxe',
    })),
  );
}

function isMediaOnly({ availableTo }: DeploymentSpec): boolean {
  return availableTo === 'MediaAndPxe' || availableTo === 'MediaAndPxeHidden';
}
