import { flag, list, reference, secret, taken, text } from './fields.js';
import type { StepMapping } from './mapping.js';

/** Steps of the category User State. Most of their properties are found by their variables. */
export const USER_STATE_MAPPINGS: readonly StepMapping[] = [
  {
    from: ['SMS_TaskSequence_RequestStateStoreAction'],
    to: 'RequestStateStore',
    finish(step, draft) {
      const operation = step.take('Operation') || step.take('StoreOperation') || step.action;
      draft.set('purpose', /restore/i.test(operation) ? 'Restore' : 'Capture');
    },
    writing: {
      owns: /^(Store)?Operation$/i,
      action: (_of, { purpose }) => `osdsmpclient.exe /${purpose === 'Restore' ? 'restore' : 'capture'}`,
    },
  },
  {
    from: ['SMS_TaskSequence_CaptureUserStateAction'],
    to: 'CaptureUserState',
    fields: {
      PackageID: reference('package', 'Package'),
      _OSDMigrateUsmtPackageID: reference('package', 'Package'),
      ConfigFiles: list('configFiles'),
      OSDMigrateConfigFiles: list('configFiles'),
      VSS: {
        ...taken('fileAccess', (value) => (/^true$/i.test(value) ? 'VSS' : 'Normal')),
        write: (value) => String(value === 'VSS'),
      },
    },
    writing: { action: () => 'osdmigrateuserstate.exe /collect' },
    finish(step, draft) {
      if (!step.peek('PackageID') && !step.peek('_OSDMigrateUsmtPackageID'))
        draft.set('package', draft.reference('Package', 'user-state-migration-tool'));
    },
  },
  {
    from: ['SMS_TaskSequence_RestoreUserStateAction'],
    to: 'RestoreUserState',
    fields: {
      PackageID: reference('package', 'Package'),
      _OSDMigrateUsmtRestorePackageID: reference('package', 'Package'),
      ConfigFiles: list('configFiles'),
      OSDMigrateConfigFiles: list('configFiles'),
      LocalAccounts: flag('localAccounts'),
      LocalAccountPassword: secret('password of restored local accounts'),
      OSDMigrateLocalAccountPassword: secret('password of restored local accounts'),
      Options: text('additionalOptions'),
    },
    writing: { action: () => 'osdmigrateuserstate.exe /apply' },
    finish(step, draft) {
      if (!step.peek('PackageID') && !step.peek('_OSDMigrateUsmtRestorePackageID'))
        draft.set('package', draft.reference('Package', 'user-state-migration-tool'));
    },
  },
  {
    from: ['SMS_TaskSequence_ReleaseStateStoreAction'],
    to: 'ReleaseStateStore',
    writing: { action: () => 'osdsmpclient.exe /release' },
  },
];
