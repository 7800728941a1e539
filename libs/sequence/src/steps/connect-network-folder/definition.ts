import { z } from 'zod';
import { LIMITS } from '../../limits.js';
import { writableNameSchema } from '../../names.js';
import type { StepDefinition } from '../definition.js';
import { optionalTextSetting } from '../setting-rules.js';
import { holdsVariable, textSetting } from '../setting-types.js';
import { parseShare } from './share.js';

const pathSetting = textSetting(LIMITS.pathLength).refine(
  (text) => holdsVariable(text) || parseShare(text) !== undefined,
  'must be a share such as \\\\server\\share or //server/share, or an NFS export such as server:/export',
);
const mountPointSetting = textSetting(LIMITS.pathLength).refine(
  (text) => holdsVariable(text) || /^\/[^/]/.test(text),
  'must be an absolute path such as /mnt/share',
);
const driveLetterSetting = optionalTextSetting(LIMITS.variableNameLength + 2).refine(
  (text) => text === '' || holdsVariable(text) || /^[D-WYZ]:?$/i.test(text),
  'must be a letter from D to Z, not X',
);
const oneLine = optionalTextSetting(255).regex(/^[^\r\n]*$/, 'must be one line');

export const connectNetworkFolderSettingsSchema = z.strictObject({
  path: pathSetting.meta({ description: '\\\\server\\share, //server/share or server:/export' }),
  mountPoint: mountPointSetting
    .optional()
    .meta({ description: 'Linux: an absolute folder, made where it is missing; absent: one of its own' }),
  driveLetter: driveLetterSetting.optional().meta({ description: 'Windows: a letter from D to Z, not X' }),
  account: oneLine.optional().meta({ description: 'DOMAIN\\user, user@domain or user; absent: as a guest' }),
  password: oneLine.optional(),
  variable: writableNameSchema.optional().meta({ description: 'gets the path of the folder on this computer' }),
});

export type ConnectNetworkFolderSettings = z.infer<typeof connectNetworkFolderSettingsSchema>;

/** Connect to Network Folder: a share becomes a folder of this computer, until it restarts. */
export const connectNetworkFolder: StepDefinition<ConnectNetworkFolderSettings> = {
  type: 'ConnectNetworkFolder',
  category: 'General',
  title: 'Connect to Network Folder',
  help: [
    'Makes a share (SMB) or an export (NFS) a folder of this computer until it restarts or somebody unmounts it; after a restart connect again.',
    'Linux: mount, at mountPoint, or at a folder under /run/muster/mounts; with variable: Share, later steps say %Share%. The agent must be root; cifs-utils or nfs-common must be installed. A share that is connected there already is a success.',
    'NFS knows no account: there account and password are not used.',
    'The variables SMSConnectNetworkFolderPath, …DriveLetter, …Account and …Password override the settings.',
  ].join(' '),
  settingsSchema: connectNetworkFolderSettingsSchema,
  defaults: { successCodes: [0] },
  repeatable: true,
  variables: {
    path: 'SMSConnectNetworkFolderPath',
    driveLetter: 'SMSConnectNetworkFolderDriveLetter',
    account: 'SMSConnectNetworkFolderAccount',
    password: 'SMSConnectNetworkFolderPassword',
  },
  secretSettings: ['password'],
  execution: 'executor',
  references: () => [],
};
