import {
  type InstallSoftwareUpdatesSettings,
  type PackageManagerName,
  SCAN_TIMEOUT_SECONDS,
} from '@muster/sequence/steps/install-software-updates/definition.js';
import type { StepContext, StepOutcome } from '../executor.js';
import { ListOutcome } from '../install-package/list-outcome.js';
import { apt } from './apt.js';
import { dnf } from './dnf.js';
import { type PackageManager, UpdateCommands, UpdateError, type UpdateRequest } from './package-manager.js';
import { zypper } from './zypper.js';

const restartRequired = 3010;

const managers: Readonly<Record<PackageManagerName, PackageManager>> = { apt: apt(), dnf, zypper };

/** Install Software Updates. Ends with 3010 when the system says that it must restart, for whatever it installed and when. */
export async function executeInstallSoftwareUpdates(rawSettings: unknown, context: StepContext): Promise<StepOutcome> {
  const settings = rawSettings as InstallSoftwareUpdatesSettings;
  const commands = new UpdateCommands(context);
  const name = await commands.find(settings.packageManager as PackageManagerName | undefined);
  return installUpdates(managers[name], requestOf(settings), commands, context);
}

/** The same with a package manager of the caller. */
export async function installUpdates(
  manager: PackageManager,
  request: UpdateRequest,
  commands: UpdateCommands,
  context: StepContext,
): Promise<StepOutcome> {
  const outcome = new ListOutcome(context);
  try {
    const { lines, warnings, restart } = await manager(request, commands);
    outcome.tell(lines.length === 0 ? 'no updates to install' : `updates: ${lines.length}`);
    for (const line of lines) outcome.tell(line);
    for (const warning of warnings) outcome.warn(warning);
    if (restart) outcome.noteExitCode(restartRequired);
    return outcome.succeeded();
  } catch (error) {
    if (!(error instanceof UpdateError)) throw error;
    if (error.output !== undefined) outcome.tell(error.output);
    return outcome.failed(error.failure);
  }
}

function requestOf(settings: InstallSoftwareUpdatesSettings): UpdateRequest {
  const { target, packages, useCachedScan, scanTimeoutSeconds } = settings;
  return {
    target: target === 'All' ? 'All' : 'Mandatory',
    packages: Array.isArray(packages) && packages.length > 0 ? packages : undefined,
    useCachedScan: useCachedScan === true,
    scanTimeoutSeconds: typeof scanTimeoutSeconds === 'number' ? scanTimeoutSeconds : SCAN_TIMEOUT_SECONDS,
  };
}
