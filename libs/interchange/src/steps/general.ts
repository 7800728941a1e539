import { decodeScript, encodeScript } from './decode-script.js';
import { dynamicRules, writeDynamicRules } from './dynamic-rules.js';
import { booleanOf, choice, drive, flag, number, secret, text, without } from './fields.js';
import { type StepMapping, NotRepresentable } from './mapping.js';
import { runCommandLineMapping, writtenRunAs } from './run-command-line.js';
import { argumentsField } from './windows-command-line.js';
import { given } from './writing-lists.js';

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
      Parameters: argumentsField,
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
    writing: {
      problem: ({ interpreter, file }) =>
        interpreter === 'pwsh' || (interpreter === undefined && /\.ps1$/i.test(String(file)))
          ? undefined
          : 'it is no script of PowerShell',
      properties: (settings, site) => [
        ...given('PackageID', settings['package'] && site.idOf('Package', String(settings['package'])), {
          name: 'OSDRunPowerShellScriptPackageID',
        }),
        ...given('ScriptName', settings['file'], { name: 'OSDRunPowerShellScriptScriptName' }),
        ...given('SourceScript', settings['script'] && encodeScript(String(settings['script'])), {
          name: 'OSDRunPowerShellScriptSourceScript',
        }),
        ...writtenRunAs(settings, '_SMSTSRunPowerShellAsUser', 'SMSTSRunPowerShellUserName'),
      ],
      owns: /^(PackageID|ScriptName|SourceScript|RunAsUser|UserName)$/i,
      names: { SuccessCodes: 'OSDRunPowerShellScriptSuccessCodes' },
      action: () => 'OSDRunPowerShellScript.exe',
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
    writing: {
      properties: ({ name, value, secret: hides }, { dialect }) => {
        const hidden = dialect !== 'mdt';
        return [
          ...(hidden ? given('DoNotShowVariableValue', hides === true, { hidden }) : []),
          ...given('VariableName', name, { hidden }),
          ...given('VariableValue', value, { hidden }),
        ];
      },
      owns: /^(DoNotShowVariableValue|VariableName|VariableValue)$/i,
      action: (of, { secret: hides }, { dialect }) =>
        dialect === 'mdt'
          ? String.raw`cscript.exe "%SCRIPTROOT%\ZTISetVariable.wsf"`
          : `tsenv.exe "${of('VariableName')}=${of('VariableValue')}" /hiddenflag:${hides === true ? 'True' : 'False'}`,
    },
  },
  {
    from: ['SMS_TaskSequence_SetDynamicVariablesAction'],
    to: 'SetDynamicVariables',
    finish(step, draft) {
      const rules = step.take('Rules') ?? '';
      if (rules !== '') draft.set('rules', dynamicRules(rules, draft));
    },
    writing: {
      properties: ({ rules }) => given('Rules', writeDynamicRules(rules), { name: 'OSDSetDynamicVariablesRules' }),
      owns: /^Rules$/i,
      action: () => 'OSDSetDynamicVariables.exe',
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
    writing: { action: (of) => `osdjoin.exe /type:${of('Type')}` },
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
    writing: { action: () => 'smsnetuse.exe %SMSConnectNetworkFolderPath%' },
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
    writing: { hidden: ['Target'], action: (of) => `smsboot.exe /target:${of('Target') || 'HD'}` },
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
    writing: {
      properties: (settings) =>
        readinessChecks.flatMap(([check, property, setting]) => {
          const value = settings[setting];
          const wanted = property === undefined ? value : value !== undefined;
          return [
            ...given(check, wanted, { name: `OSD${check.replace(/^CheckTpm/, 'CheckDeviceTpm')}` }),
            ...(property === undefined ? [] : given(property, value, { name: `OSD${property}` })),
          ];
        }),
      owns: /^Check/i,
      action: () => 'OSDPrestartCheck.exe',
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
