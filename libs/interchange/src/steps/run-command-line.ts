import type { SourceStep } from '../source/source-step.js';
import { booleanOf, flag, text, without } from './fields.js';
import {
  NotRepresentable,
  type Settings,
  type SettingsDraft,
  type StepMapping,
  type WrittenProperty,
} from './mapping.js';
import { commandSettings, joinWindowsCommand } from './windows-command-line.js';
import { given } from './writing-lists.js';
import { lookup } from '../lookup.js';

/** A command out of a step: of its property, else of its action, without the program that ConfigMgr puts before it. */
export function commandOf(step: SourceStep): { line: string; packageId: string } {
  const [, packageInAction = '', lineInAction] = /^smsswd(?:\.exe)?\s+\/run:(\S*)\s+([^]*)$/i.exec(step.action) ?? [];
  const line = step.take('CommandLine') || (lineInAction ?? step.action);
  return { line: line.trim(), packageId: step.take('PackageID') || packageInAction };
}

/** Run Command Line, with the steps that MDT writes without a type: its manual calls their type Run Command Line too. */
export const runCommandLineMapping: StepMapping = {
  from: ['SMS_TaskSequence_RunCommandLineAction', ''],
  to: 'RunCommandLine',
  fields: {
    DisableWow64Redirection: flag('disable64BitRedirection'),
    OutputVariableName: text('outputVariable'),
    WorkingDirectory: text('workingDirectory'),
    LoadProfile: without('LoadProfile', 'false'),
  },
  derived: ['SuccessCodes'],
  finish(step, draft) {
    const { line, packageId } = commandOf(step);
    if (line === '') throw new NotRepresentable('it has no command');
    Object.entries(commandSettings(line)).forEach(([setting, value]) => draft.set(setting, value));
    if (packageId !== '') draft.set('package', draft.reference('Package', packageId));
    runAs(step, draft);
    noteMdtScript(line, draft);
  },
  writing: {
    problem: ({ shell }) => (shell === true ? 'its command is text for a shell of Linux' : undefined),
    properties: (settings, site) => [
      ...(site.dialect === 'mdt' ? [] : given('CommandLine', commandLineOf(settings), { hidden: true })),
      ...given('PackageID', idOfPackage(settings, site.idOf), { hidden: site.dialect !== 'mdt' }),
      ...(site.dialect === 'mdt'
        ? mdtRunAs(settings)
        : writtenRunAs(settings, '_SMSTSRunCommandLineAsUser', 'SMSTSRunCommandLineUserName')),
    ],
    owns: /^(CommandLine|PackageID|RunAsUser|UserName|SMSTSRunCommandLineUserName)$/i,
    action: (of, settings, { dialect }) =>
      dialect === 'mdt' ? commandLineOf(settings) : `smsswd.exe /run:${of('PackageID')} ${commandLineOf(settings)}`,
  },
};

/** The command as one line of Windows. */
function commandLineOf({ command, arguments: words }: Settings): string {
  const line = typeof command === 'string' ? command : '';
  return Array.isArray(words) ? joinWindowsCommand([line, ...(words as string[])]) : line;
}

function idOfPackage({ package: name }: Settings, idOf: (kind: 'Package', name: string) => string | undefined) {
  return typeof name === 'string' ? idOf('Package', name) : undefined;
}

/** Whom a program or script runs as; the password stays here. */
export function writtenRunAs(settings: Settings, switchName: string, userName: string): WrittenProperty[] {
  const user = userOf(settings);
  return [
    { property: 'RunAsUser', name: switchName, value: String(user !== undefined) },
    ...given('UserName', user, { name: userName }),
  ];
}

/** The same as MDT writes it: always all of it, under plain names. */
function mdtRunAs(settings: Settings): WrittenProperty[] {
  const user = userOf(settings);
  return [
    { property: 'RunAsUser', value: String(user !== undefined) },
    { property: 'SMSTSRunCommandLineUserName', value: typeof user === 'string' ? user : '' },
    { property: 'SMSTSRunCommandLineUserPassword', value: '' },
    { property: 'LoadProfile', value: 'false' },
  ];
}

function userOf({ runAs: account }: Settings): unknown {
  return (account as { user?: unknown } | undefined)?.user;
}

function runAs(step: SourceStep, draft: SettingsDraft): void {
  const user = step.take('SMSTSRunCommandLineUserName') || step.take('UserName') || '';
  const asUser = booleanOf(step.take('RunAsUser') || 'false') !== false;
  if (asUser && user !== '') draft.set('runAs', { user });
  else if (asUser) draft.note('import.setting-left-out', 'it runs as another user, but names none', 'set runAs.user');
  else if (user !== '') draft.leftOut('SMSTSRunCommandLineUserName', user);
  const password = step.take('SMSTSRunCommandLineUserPassword') || step.take('UserPassword') || '';
  draft.secret('password of the account that the command runs as', password);
}

/** What does the work of an MDT script here, for those that have something of the kind. */
const successors: Readonly<Record<string, string>> = {
  ztibackup: 'CaptureOperatingSystemImage',
  ztibde: 'EnableBitLocker',
  zticonfigure: 'ApplyWindowsSettings and ApplyNetworkSettings',
  ztidisablebdeprotectors: 'DisableBitLocker',
  ztidomainjoin: 'JoinDomain',
  ztinicconfig: 'CaptureNetworkSettings and ApplyNetworkSettings',
  ztiuserstate: 'CaptureUserState and RestoreUserState',
  lticopyscripts: 'nothing: Muster brings scripts as packages',
  ltisysprep: 'PrepareWindowsForCapture',
  zticonnect: 'ConnectNetworkFolder',
};

/** Says of a command that it is a script of MDT, which is not here unless somebody brings it. */
function noteMdtScript(line: string, draft: SettingsDraft): void {
  const script = /\b((?:ZTI|LTI|UDI|PSD)\w{1,40})\.(?:wsf|vbs|ps1)\b/i.exec(line)?.[1];
  if (script !== undefined) {
    const successor = lookup(successors, script.toLowerCase());
    const fix =
      successor === undefined
        ? 'bring the Scripts folder of MDT as a package and set SCRIPTROOT, or replace the step'
        : `replace the step; here this is the work of ${successor}`;
    draft.note('import.mdt-script', `it runs ${script}, a script of MDT that Muster does not have`, fix);
  } else if (/%(SCRIPTROOT|DEPLOYROOT)%/i.test(line)) {
    const message = 'it runs something out of a deployment share of MDT';
    draft.note('import.mdt-script', message, 'bring that folder as a package, and set the variable to its path');
  }
}
