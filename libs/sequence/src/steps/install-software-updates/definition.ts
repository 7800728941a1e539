import { z } from 'zod';
import type { StepDefinition } from '../definition.js';
import { listSetting } from '../setting-rules.js';
import { booleanSetting, choiceSetting, holdsVariable, wholeNumberSetting } from '../setting-types.js';
import { rerunsOf, retryOnRestartSetting } from '../install-application/retry-on-restart.js';

export const UPDATE_TARGETS = ['Mandatory', 'All'] as const;
export type UpdateTarget = (typeof UPDATE_TARGETS)[number];

export const PACKAGE_MANAGERS = ['apt', 'dnf', 'zypper'] as const;
export type PackageManagerName = (typeof PACKAGE_MANAGERS)[number];

/** Seconds a scan may take when nobody says otherwise. */
export const SCAN_TIMEOUT_SECONDS = 3600;

/** A package of the system: never an option, a path or a pattern. */
const systemPackageSetting = z
  .string()
  .max(256)
  .refine(
    (text) => holdsVariable(text) || /^[A-Za-z0-9][A-Za-z0-9+._-]*(:[a-z0-9-]+)?$/.test(text),
    'must be the name of a package of the system',
  );

export const installSoftwareUpdatesSettingsSchema = z.strictObject({
  target: choiceSetting(UPDATE_TARGETS).optional().meta({
    description: 'Mandatory (default): security updates, where the package manager can tell; All: every update',
  }),
  packages: listSetting(systemPackageSetting).optional().meta({ description: 'only these packages of the system' }),
  packageManager: choiceSetting(PACKAGE_MANAGERS).optional().meta({ description: 'default: the one that is there' }),
  useCachedScan: booleanSetting().optional().meta({
    description: 'true: look at the lists of updates that are here; false (default): fetch them first',
  }),
  scanTimeoutSeconds: wholeNumberSetting(1, 86_400).optional().meta({ description: 'default 3600' }),
  retryOnRestart: retryOnRestartSetting.optional(),
});

export type InstallSoftwareUpdatesSettings = z.infer<typeof installSoftwareUpdatesSettingsSchema>;

/** Install Software Updates: through the package manager of the system. */
export const installSoftwareUpdates: StepDefinition<InstallSoftwareUpdatesSettings> = {
  type: 'InstallSoftwareUpdates',
  category: 'Software',
  title: 'Install Software Updates',
  help: [
    'Installs updates of the system through its package manager: apt, dnf or zypper. Changed configuration files are kept, nothing asks a question, nothing is removed.',
    'Mandatory means security updates: with apt, packages whose new version comes from a security archive; with dnf and zypper, what their advisories call security.',
    'When the system says that it must restart, the step ends with 3010 and the run goes on behind it after the restart.',
    'The variables SMSInstallUpdateTarget, SMSTSSoftwareUpdateScanTimeout and SMSTSSoftwareUpdateScanUseCache override target, scanTimeoutSeconds and useCachedScan.',
    'After an unexpected restart the step is begun again, twice unless retryOnRestart says otherwise.',
  ].join(' '),
  settingsSchema: installSoftwareUpdatesSettingsSchema,
  defaults: { successCodes: [0, 3010] },
  repeatable: true,
  reruns: rerunsOf,
  execution: 'executor',
  variables: {
    target: 'SMSInstallUpdateTarget',
    scanTimeoutSeconds: 'SMSTSSoftwareUpdateScanTimeout',
    useCachedScan: 'SMSTSSoftwareUpdateScanUseCache',
  },
  references: () => [],
};
