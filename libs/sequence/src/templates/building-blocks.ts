import type { Condition } from '../conditions/model.js';
import type { GroupNode, SequenceNode, StepNode } from '../model.js';
import type { SharedParameters } from './parameters.js';

/*
 * Groups and steps that several templates have. What a template can do without is there but disabled when its parameter is
 * missing, under a name that says what belongs there: disabled nodes may refer to what does not exist.
 */

const NOT_IN_PE: Condition = { variable: '_SMSTSInWinPE', operator: 'equals', value: 'false' };

type Common = Pick<StepNode, 'condition' | 'continueOnError' | 'disabled' | 'description'>;

/** A step; settings without a value are left out. */
export function step(
  name: string,
  type: string,
  settings: Record<string, unknown> = {},
  common: Common = {},
): StepNode {
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  return { step: name, type, ...present(common), ...(Object.keys(given).length === 0 ? {} : { settings: given }) };
}

/** A group. */
export function group(name: string, steps: SequenceNode[], common: Common = {}): GroupNode {
  return { group: name, ...present(common), steps };
}

function present(common: Common): Common {
  return Object.fromEntries(Object.entries(common).filter(([, value]) => value !== undefined));
}

function chosen(given: unknown, what: string): Common {
  return given === undefined ? { disabled: true, description: `${what}, and enable this` } : {};
}

/** Keeps what belongs to the user before the disk is erased. A capture that fails ends the run: nothing was erased yet. */
export function captureFilesAndSettings({ userStatePackage }: SharedParameters): GroupNode {
  return group(
    'Capture Files and Settings',
    [
      step('Capture Windows Settings', 'CaptureWindowsSettings'),
      step('Capture Network Settings', 'CaptureNetworkSettings'),
      group(
        'Capture User Files',
        [
          step('Request User State Storage', 'RequestStateStore', { purpose: 'Capture' }),
          step('Capture User Files', 'CaptureUserState', { package: userStatePackage ?? 'user-state-package' }),
          step('Release User State Storage', 'ReleaseStateStore'),
        ],
        chosen(userStatePackage, 'Name the package with the migration tool'),
      ),
    ],
    { condition: NOT_IN_PE },
  );
}

/** Brings it back. The store is released whatever becomes of the restore. */
export function restoreUserFiles({ userStatePackage }: SharedParameters): GroupNode {
  return group(
    'Restore User Files',
    [
      step('Request User State Storage', 'RequestStateStore', { purpose: 'Restore' }),
      step(
        'Restore User Files',
        'RestoreUserState',
        { package: userStatePackage ?? 'user-state-package' },
        { continueOnError: true },
      ),
      step('Release User State Storage', 'ReleaseStateStore'),
    ],
    chosen(userStatePackage, 'Name the package with the migration tool'),
  );
}

/** Into the preinstallation environment, unless that is where the run is. */
export function restartInPe(): StepNode {
  return step('Restart in Windows PE', 'RestartComputer', { target: 'PE' }, { condition: NOT_IN_PE });
}

/** One of two layouts, as the firmware wants it; none when the client has a cache there that must survive. */
export function partitionDisk(): StepNode[] {
  const when = (operator: 'equals' | 'notEquals'): Condition => ({
    all: [
      { variable: '_SMSTSClientCache', operator: 'notExists' },
      { variable: '_SMSTSBootUEFI', operator, value: 'true' },
    ],
  });
  return [
    step(
      'Partition Disk 0 - BIOS',
      'FormatAndPartitionDisk',
      {
        diskNumber: 0,
        partitionStyle: 'MBR',
        partitions: [
          { type: 'Primary', size: 500, bootable: true, fileSystem: 'NTFS', assignVolumeLetter: false },
          { type: 'Primary', fileSystem: 'NTFS', volumeName: 'Windows' },
        ],
      },
      { condition: when('notEquals') },
    ),
    step(
      'Partition Disk 0 - UEFI',
      'FormatAndPartitionDisk',
      {
        diskNumber: 0,
        partitionStyle: 'GPT',
        partitions: [
          { type: 'EFI', size: 500, fileSystem: 'FAT32', assignVolumeLetter: false },
          { type: 'MSR', size: 128, assignVolumeLetter: false },
          { type: 'Primary', fileSystem: 'NTFS', volumeName: 'Windows' },
        ],
      },
      { condition: when('equals') },
    ),
  ];
}

/** Registration, time zone, and domain or workgroup of the new system. */
export function windowsAndNetwork(parameters: SharedParameters): StepNode[] {
  const { userName, organization, timeZone, domain, organizationalUnit, joinAccount, workgroup } = parameters;
  const membership =
    domain === undefined
      ? { joinType: 'Workgroup', workgroup }
      : { joinType: 'Domain', domain, organizationalUnit, account: joinAccount };
  return [
    step('Apply Windows Settings', 'ApplyWindowsSettings', { userName, organization, timeZone }),
    step('Apply Network Settings', 'ApplyNetworkSettings', membership),
  ];
}

/** Drivers of one package, or whatever fits. */
export function deviceDrivers({ driverPackage }: SharedParameters): StepNode {
  return driverPackage === undefined
    ? step('Apply Device Drivers', 'AutoApplyDrivers')
    : step('Apply Device Drivers', 'ApplyDriverPackage', { package: driverPackage });
}

/** From the preinstallation environment into the new system. */
export function setupSystem({ clientPackage, installProperties }: SharedParameters): StepNode {
  return step('Setup Windows and Configuration Manager', 'SetupWindowsAndConfigMgr', {
    clientPackage,
    installProperties,
  });
}

/** Updates and applications. */
export function software({ updates, applications }: SharedParameters): StepNode[] {
  return [
    step(
      'Install Updates',
      'InstallSoftwareUpdates',
      { target: updates ?? 'Mandatory' },
      updates === undefined ? { disabled: true } : {},
    ),
    step(
      'Install Applications',
      'InstallApplication',
      { applications: applications ?? ['application'] },
      chosen(applications, 'Name the applications'),
    ),
  ];
}

/** Everything between an empty disk and a new system that has set itself up. */
export function installOperatingSystem(parameters: SharedParameters, apply: StepNode): GroupNode {
  return group('Install Operating System', [
    restartInPe(),
    ...partitionDisk(),
    apply,
    ...windowsAndNetwork(parameters),
    deviceDrivers(parameters),
    setupSystem(parameters),
  ]);
}

/** Puts the image onto the disk. */
export function applyImage({ image, imageIndex }: SharedParameters): StepNode {
  return step('Apply Operating System', 'ApplyOperatingSystemImage', { image, imageIndex });
}
