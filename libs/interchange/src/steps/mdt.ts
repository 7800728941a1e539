import { choice, number, secret, without } from './fields.js';
import type { Field, SettingsDraft, StepMapping } from './mapping.js';
import { argumentsField } from './windows-command-line.js';

/*
 * The types that MDT has of its own. Those whose work one of our types does become that type, always with a note, for MDT's scripts
 * do more. The others (offline updates, roles of Windows Server, recovery of the domain join, …) keep their type.
 */

/** Variables of ZTIGather that are facts which Set Dynamic Variables finds out under another name. */
const gathered: Readonly<Record<string, string>> = {
  Make: '%_SMSTSMake%',
  Model: '%_SMSTSModel%',
  SerialNumber: '%_SMSTSSerialNumber%',
  AssetTag: '%_SMSTSAssetTag%',
  UUID: '%_SMSTSUUID%',
  HostName: '%_SMSTSMachineName%',
};

/** Order of the phases: `ZTINextPhase` moves to the one behind the present. */
const phases = ['VALIDATION', 'STATECAPTURE', 'PREINSTALL', 'INSTALL', 'POSTINSTALL', 'STATERESTORE'];

/** Types of MDT that have a counterpart. */
export const MDT_MAPPINGS: readonly StepMapping[] = [
  {
    from: ['BDD_Gather'],
    to: 'SetDynamicVariables',
    finish(step, draft) {
      gather(draft);
      const localOnly = /^true$/i.test(step.take('GatherLocalOnly') ?? 'true');
      const rules = step.take('RulesFile') || 'CustomSettings.ini';
      if (localOnly) return;
      const message = `it also applies the rules of ${rules}`;
      draft.note(
        'import.rules-file',
        message,
        'write those as collection or device variables, or as rules of this step',
      );
    },
  },
  {
    from: ['BDD_Validate'],
    to: 'CheckReadiness',
    fields: {
      ImageMemory: unlessZero('minimumMemoryMegabytes'),
      ImageProcessorSpeed: unlessZero('minimumProcessorSpeedMegahertz'),
      ImageSize: unlessZero('minimumFreeDiskMegabytes'),
      VerifyOS: choice('operatingSystemType', { CLIENT: 'client', SERVER: 'server' }),
    },
    finish(_step, draft) {
      const message = 'ZTIValidate also checks power, and the system only when one is being replaced';
      draft.note(
        'import.behaves-differently',
        message,
        'add a condition on DeploymentType, or acPower: true, if you need it',
      );
    },
  },
  {
    from: ['BDD_InstallApplication'],
    to: 'InstallApplication',
    fields: { ApplicationSuccessCodes: without('ApplicationSuccessCodes', '0 3010', '0') },
    finish(step, draft) {
      const id = step.take('ApplicationGUID') ?? '';
      if (id !== '') {
        draft.set('applications', [draft.reference('Application', id)]);
        draft.note('import.behaves-differently', 'here an application decides by detection whether it is installed');
      } else {
        draft.set('listVariable', 'Applications');
        const message = 'in MDT the list is MandatoryApplications001 … and Applications001 …, each a GUID';
        draft.note(
          'import.names-in-variables',
          message,
          'let Applications01, Applications02, … hold names of applications',
        );
      }
    },
  },
  {
    from: ['BDD_InstallOS'],
    to: 'ApplyOperatingSystemImage',
    fields: { DestinationOSRefresh: without('DestinationOSRefresh') },
    finish(step, draft) {
      const id = step.take('OSGUID') || 'to-choose';
      draft.set('image', draft.reference('OsImage', id));
      const way = (step.take('DestinationOSInstallType') ?? '').toLowerCase();
      const given = { disk: step.take('DestinationDisk'), partition: step.take('DestinationPartition') };
      const variable = step.take('DestinationOSVariable') ?? '';
      const letter = step.take('DestinationOSDriveLetter') ?? '';
      if (way === 'byvariable' && variable !== '') draft.set('destinationVariable', variable);
      else if (way === 'bydriveletter' && letter !== '')
        draft.set('destinationDrive', letter.replace(/^([A-Za-z])$/, '$1:'));
      else if (way === 'bydiskpartition' && given.disk && given.partition) {
        draft.set('destinationDisk', Number(given.disk));
        draft.set('destinationPartition', Number(given.partition));
      }
      const message = 'LTIApply also takes original installation sources and writes the answer file of MDT';
      draft.note('import.behaves-differently', message, 'set answerFilePackage and answerFile if you need your own');
    },
  },
  {
    from: ['BDD_InjectDrivers'],
    to: 'AutoApplyDrivers',
    finish(step, draft) {
      const profile = step.take('DriverSelectionProfile') ?? '';
      const all = /^all$/i.test(step.take('DriverInjectionMode') ?? 'AUTO');
      draft.set('bestMatch', false);
      if (profile !== '' && !/^(nothing|all drivers)$/i.test(profile)) draft.set('categories', [profile]);
      const message = `MDT injects ${all ? 'all' : 'the fitting'} drivers of the selection profile "${profile}" and of the groups in DriverGroup001 …`;
      draft.note('import.behaves-differently', message, 'choose categories, or use ApplyDriverPackage');
    },
  },
  {
    from: ['BDD_RunPowerShellAction'],
    to: 'RunScript',
    fields: { Parameters: argumentsField },
    finish(step, draft) {
      const written = step.take('ScriptName') ?? '';
      const file = written.replace(/^%(SCRIPTROOT|DEPLOYROOT)%\\(Scripts\\)?/i, '');
      draft.set('package', draft.reference('Package', step.take('PackageID') || 'mdt-scripts'));
      draft.set('file', file);
      draft.set('executionPolicy', 'Bypass');
      draft.note(
        'import.mdt-script',
        `${written} is in the Scripts folder of MDT`,
        'bring that folder as a package and bind it',
      );
    },
  },
];

/** Settings of a command line that mean nothing while they are false. */
const IDLE_COMMAND_FIELDS = {
  RunAsUser: without('RunAsUser', 'false'),
  LoadProfile: without('LoadProfile', 'false'),
  DisableWow64Redirection: without('DisableWow64Redirection', 'false', 'true'),
  SMSTSRunCommandLineUserPassword: secret('password of the account that the command runs as'),
} as const;

/** Steps that run one of MDT's scripts, by the script: what they become instead of a command line. */
export const MDT_SCRIPT_MAPPINGS: readonly (StepMapping & { readonly script: RegExp })[] = [
  {
    script: /\bZTINextPhase\.wsf"?\s*$/i,
    from: [],
    fields: IDLE_COMMAND_FIELDS,
    to: 'SetDynamicVariables',
    finish(_step, draft) {
      // From the last phase backwards, for a rule sees what those before it have set.
      const rules = phases.slice(0, -1).map((phase, index) => ({
        when: { variable: 'PHASE', operator: 'equals', value: phase },
        set: [{ name: 'PHASE', value: phases[index + 1] ?? '' }],
      }));
      draft.set('rules', rules.toReversed());
      draft.note('import.behaves-differently', 'ZTINextPhase is written as rules that move PHASE on');
    },
  },
  {
    script: /\bZTIWindowsUpdate\.wsf"?\s*$/i,
    from: [],
    fields: IDLE_COMMAND_FIELDS,
    to: 'InstallSoftwareUpdates',
    finish(_step, draft) {
      draft.set('target', 'All');
      const message = 'ZTIWindowsUpdate asks Windows Update or WSUS, again after each restart';
      draft.note('import.behaves-differently', message, 'repeat the step behind a restart if you need that');
    },
  },
  {
    script: /\bZTIDrivers\.wsf"?\s*$/i,
    from: [],
    fields: IDLE_COMMAND_FIELDS,
    to: 'AutoApplyDrivers',
    finish(_step, draft) {
      draft.set('bestMatch', false);
      draft.note(
        'import.behaves-differently',
        'ZTIDrivers takes the drivers of a selection profile or of DriverGroup001 …',
      );
    },
  },
];

function unlessZero(setting: string): Field {
  return {
    read(value, draft) {
      if (value !== '0') number(setting).read(value, draft);
    },
  };
}

function gather(draft: SettingsDraft): void {
  draft.set('rules', [
    {
      set: [...Object.entries(gathered).map(([name, value]) => ({ name, value })), { name: 'IsUEFI', value: 'False' }],
    },
    {
      when: { variable: '_SMSTSBootUEFI', operator: 'equals', value: 'true' },
      set: [{ name: 'IsUEFI', value: 'True' }],
    },
  ]);
  const known = [...Object.keys(gathered), 'IsUEFI'].join(', ');
  const message = `of what ZTIGather finds out, ${known} are set`;
  draft.note(
    'import.behaves-differently',
    message,
    'set others that your conditions need (IsLaptop, IsVM, …) in rules or a script',
  );
}
