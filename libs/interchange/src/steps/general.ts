import { decodeScript } from './decode-script.js';
import { dynamicRules } from './dynamic-rules.js';
import { booleanOf, choice, drive, flag, number, secret, text, without } from './fields.js';
import { type StepMapping, NotRepresentable } from './mapping.js';
import { runCommandLineMapping } from './run-command-line.js';
import { argumentSettings } from './windows-command-line.js';

/** Steps of the category General. */
export const GENERAL_MAPPINGS: readonly StepMapping[] = [
  runCommandLineMapping,
  {
    from: ['SMS_TaskSequence_RunPowerShellScriptAction'],
    to: 'RunScript',
    fields: {
      ExecutionPolicy: choice('executionPolicy', { AllSigned: 'AllSigned', Undefined: 'Undefined', Bypass: 'Bypass' }),
      OutputVariableName: text('outputVariable'),
      WorkingDirectory: text('workingDirectory'),
      Parameters: (value, draft) => draft.set('arguments', argumentSettings(value)),
    },
    derived: ['SuccessCodes'],
    finish(step, draft) {
      const source = step.take('SourceScript') ?? '';
      const packageId = step.take('PackageID') ?? '';
      const file = step.take('ScriptName') ?? '';
      if (source !== '') {
        draft.set('script', decodeScript(source));
        draft.set('interpreter', 'pwsh');
        if (file !== '') draft.leftOut('ScriptName', file);
        if (packageId !== '') draft.leftOut('PackageID', packageId);
      } else {
        if (packageId === '' && file === '')
          throw new NotRepresentable('it names neither a script nor a package with one');
        draft.set('package', draft.reference('Package', packageId === '' ? 'to-choose' : packageId));
        draft.set('file', file);
        if (!/\.ps1$/i.test(file)) draft.set('interpreter', 'pwsh');
      }
      const user = step.take('UserName') ?? '';
      const asUser = booleanOf(step.take('RunAsUser') ?? 'false') !== false;
      if (asUser && user !== '') draft.set('runAs', { user });
      draft.secret('password of the account that the script runs as', step.take('UserPassword') ?? '');
    },
  },
  {
    from: ['SMS_TaskSequence_SetVariableAction'],
    to: 'SetTaskSequenceVariable',
    finish(step, draft) {
      // tsenv.exe "NAME=VALUE" is all that old files have.
      const [, name = '', value = ''] = /^tsenv(?:\.exe)?\s+"?([^="]+)=(.*?)"?$/is.exec(step.action) ?? [];
      draft.set('name', step.take('VariableName') ?? name);
      draft.set('value', step.take('VariableValue') ?? value);
      if (booleanOf(step.take('DoNotShowVariableValue') ?? 'false') !== false) draft.set('secret', true);
    },
  },
  {
    from: ['SMS_TaskSequence_SetDynamicVariablesAction'],
    to: 'SetDynamicVariables',
    finish(step, draft) {
      const rules = step.take('Rules') ?? '';
      if (rules !== '') draft.set('rules', dynamicRules(rules, draft));
    },
  },
  {
    from: ['SMS_TaskSequence_JoinDomainWorkgroupAction'],
    to: 'JoinDomain',
    fields: {
      Type: choice('kind', { '0': 'domain', '1': 'workgroup', Domain: 'domain', Workgroup: 'workgroup' }),
      DomainName: text('domain'),
      DomainOUName: text('organizationalUnit'),
      WorkgroupName: text('workgroup'),
      DomainUsername: text('account'),
      DomainPassword: secret('password of the account that joins the domain'),
      OSDJoinPassword: secret('password of the account that joins the domain'),
      NoReboot: flag('skipRestart'),
      OSDJoinType: choice('kind', { '0': 'domain', '1': 'workgroup' }),
    },
    finish(step, draft) {
      const kind = /\/type:\s*(\d)/i.exec(step.action)?.[1] ?? (step.peek('WorkgroupName') ? '1' : '0');
      draft.set('kind', kind === '1' ? 'workgroup' : 'domain');
    },
  },
  {
    from: ['SMS_TaskSequence_ConnectNetworkFolderAction'],
    to: 'ConnectNetworkFolder',
    fields: {
      Path: text('path'),
      DriveLetter: drive('driveLetter'),
      Username: text('account'),
      Password: secret('password for the network folder'),
    },
  },
  {
    from: ['SMS_TaskSequence_RebootAction'],
    to: 'RestartComputer',
    fields: {
      Target: choice('target', { HD: 'FullOS', WinPE: 'PE' }),
      Message: text('message'),
      MessageTimeout: number('delaySeconds'),
    },
    finish(step, draft) {
      const target = /\/target:\s*(HD|WinPE)/i.exec(step.action)?.[1];
      if (target !== undefined) draft.set('target', /hd/i.test(target) ? 'FullOS' : 'PE');
    },
  },
  {
    from: ['SMS_TaskSequence_PrestartCheckAction'],
    to: 'CheckReadiness',
    derived: [/^Check/i],
    fields: {
      TpmEnabled: without('TpmEnabled', 'false'),
    },
    finish(step, draft) {
      for (const [check, property, setting, asNumber] of readinessChecks) {
        const wanted = booleanOf(step.take(check) ?? 'false');
        const limit = property === undefined ? '' : (step.take(property) ?? '');
        if (wanted === false) continue;
        if (property === undefined) draft.set(setting, wanted ?? true);
        else if (limit !== '') draft.set(setting, asNumber && /^\d+$/.test(limit) ? Number(limit) : limit);
      }
    },
  },
];

/** Switch, value and setting of each check. Those without a value are switches themselves. */
const readinessChecks: readonly (readonly [
  check: string,
  property: string | undefined,
  setting: string,
  number?: true,
])[] = [
  ['CheckMemory', 'Memory', 'minimumMemoryMegabytes', true],
  ['CheckProcessorSpeed', 'ProcessorSpeed', 'minimumProcessorSpeedMegahertz', true],
  ['CheckFreeDiskSpace', 'FreeDiskSpace', 'minimumFreeDiskMegabytes', true],
  ['CheckOSType', 'OSType', 'operatingSystemType'],
  ['CheckOSArchitecture', 'OSArchitecture', 'architecture'],
  ['CheckMinOSVersion', 'MinOSVersion', 'minimumOsVersion'],
  ['CheckMaxOSVersion', 'MaxOSVersion', 'maximumOsVersion'],
  ['CheckCMClientMinVersion', 'CMClientMinVersion', 'minimumClientVersion'],
  ['CheckOSLanguageID', 'OSLanguageID', 'osLanguage'],
  ['CheckPowerState', undefined, 'acPower'],
  ['CheckNetworkConnected', undefined, 'networkConnected'],
  ['CheckNetworkWired', undefined, 'notWireless'],
  ['CheckDeviceUEFI', undefined, 'uefi'],
  ['CheckTpmEnabled', undefined, 'tpmEnabled'],
  ['CheckTpmActivated', undefined, 'tpmActivated'],
];
