import { sameWord } from '../source/source-step.js';
import { choice, flag, number, splitList, text, textOf } from './fields.js';
import { type Field, NotRepresentable, type SettingsDraft, type StepMapping } from './mapping.js';
import { given, numbered, textsOf } from './writing-lists.js';
import { lookup } from '../lookup.js';

/** Their retry on an unexpected restart is a number beside the settings. */
const retryOnRestart: Field = {
  setting: 'retryOnRestart',
  read: (value, draft) =>
    draft.set(
      'retryOnRestart',
      value === '0' ? { enabled: false } : { count: /^\d+$/.test(value) ? Number(value) : value },
    ),
  write(value) {
    const { enabled, count } = (value ?? {}) as { enabled?: unknown; count?: unknown };
    return enabled === false ? '0' : textOf(count);
  },
};

/** Kinds of content, by the numbers of their site. */
const contentKinds = {
  '0': 'Package',
  '3': 'DriverPackage',
  '257': 'OsImage',
  '258': 'BootImage',
  '259': 'UpgradePackage',
} as const;

/** Steps of the category Software. */
export const SOFTWARE_MAPPINGS: readonly StepMapping[] = [
  {
    from: ['SMS_TaskSequence_InstallApplicationAction'],
    to: 'InstallApplication',
    fields: {
      ContinueOnInstallError: flag('continueOnInstallError'),
      ClearCache: flag('clearCache'),
      RetryCount: retryOnRestart,
    },
    derived: ['AppInfo', 'NumApps'],
    finish(step, draft) {
      const listed = step.takeList('AppInfo').flatMap((entry) => {
        const id = entry.get('name') ?? '';
        return id === '' ? [] : [{ id, displayName: entry.get('displayname') }];
      });
      const action = /\/app:(\S+)/i.exec(step.action)?.[1] ?? '';
      const named = splitList(step.take('ApplicationName') || action.replace(/^\/.*$/, ''));
      const ids = listed.length > 0 ? listed : named.map((id) => ({ id, displayName: undefined }));
      const applications = ids.map(({ id, displayName }) => draft.reference('Application', id, displayName));
      const variable = step.take('BaseVariableName') || (/\/basevar:([^\s/]+)/i.exec(step.action)?.[1] ?? '');
      if (applications.length > 0) {
        draft.set('applications', applications);
        if (variable !== '') draft.leftOut('BaseVariableName', variable);
      } else if (variable === '') throw new NotRepresentable('it names no application');
      else {
        draft.set('listVariable', variable);
        noteNamesInVariables(draft, `${variable}01, ${variable}02, …`, 'applications');
      }
    },
    writing: {
      properties({ applications, listVariable }, site) {
        const ids = textsOf(applications).flatMap((name) => site.idOf('Application', name) ?? []);
        const list = numbered(
          'AppInfo',
          'OSDApp',
          ids.map((Name) => ({ Name })),
        );
        return [
          ...(ids.length === 0 ? [] : [...list, ...given('NumApps', ids.length, { name: 'OSDAppCount' })]),
          ...given('ApplicationName', ids.join(','), { hidden: true }),
          ...given('BaseVariableName', listVariable, { hidden: true }),
        ];
      },
      owns: /^(AppInfo.*|NumApps|ApplicationName|BaseVariableName)$/i,
      hidden: ['ContinueOnInstallError', 'RetryCount'],
      action: (of) =>
        `smsappinstall.exe /app:${of('ApplicationName')} /basevar:${of('BaseVariableName')} /continueOnError:${capital(of('ContinueOnInstallError'))}`,
    },
  },
  {
    from: ['SMS_TaskSequence_InstallSoftwareAction'],
    to: 'InstallPackage',
    fields: { ContinueOnInstallError: flag('continueOnInstallError') },
    finish(step, draft) {
      const id = step.take('PackageID') || (/\/pkg:([^\s/]+)/i.exec(step.action)?.[1] ?? '');
      const program = step.take('ProgramName') ?? '';
      const variable = step.take('BaseVariableName') || (/\/basevar:([^\s/]+)/i.exec(step.action)?.[1] ?? '');
      if (id !== '') {
        draft.set('package', draft.reference('Package', id));
        if (program !== '') draft.set('program', program);
        if (variable !== '') draft.leftOut('BaseVariableName', variable);
      } else if (variable === '') throw new NotRepresentable('it names no package');
      else {
        draft.set('listVariable', variable);
        noteNamesInVariables(draft, `${variable}001, ${variable}002, …`, 'packages and programs');
      }
    },
    writing: {
      properties: (settings, site) => [
        ...given('PackageID', settings['package'] && site.idOf('Package', String(settings['package'])), {
          hidden: true,
        }),
        ...given('ProgramName', settings['program'], { name: '_SMSSWDProgramName' }),
        ...given('BaseVariableName', settings['listVariable'], { hidden: true }),
      ],
      owns: /^(PackageID|ProgramName|BaseVariableName)$/i,
      hidden: ['ContinueOnInstallError'],
      action: (of) =>
        `smsswd.exe /pkg:${of('PackageID')} /install /basevar:${of('BaseVariableName')} /continueOnError:${capital(of('ContinueOnInstallError'))}`,
    },
  },
  {
    from: ['SMS_TaskSequence_InstallUpdateAction'],
    to: 'InstallSoftwareUpdates',
    fields: {
      Target: choice('target', { All: 'All', Mandatory: 'Mandatory' }),
      RetryCount: retryOnRestart,
      SoftwareUpdateScanUseCache: flag('useCachedScan'),
      ScanTimeout: number('scanTimeoutSeconds'),
    },
    writing: { hidden: ['RetryCount'], action: () => 'TSInstallSWUpdate.exe /target:%SMSInstallUpdateTarget%' },
  },
  {
    from: ['SMS_TaskSequence_DownloadPackageContentAction'],
    to: 'DownloadPackageContent',
    fields: {
      DestinationLocationType: choice('destination', {
        TSCache: 'taskSequenceWorkingDirectory',
        CCMCache: 'clientCache',
        Custom: 'path',
      }),
      DestinationCustomPath: text('path'),
      DestinationVariable: text('variable'),
      ContinueDownloadOnError: flag('continueOnDownloadError'),
    },
    derived: ['NumPackages', 'PackageInfo'],
    finish(step, draft) {
      const listed = step.takeList('PackageInfo').map((entry) => ({
        id: entry.get('packageid') ?? '',
        name: entry.get('name'),
        kind:
          lookup<(typeof contentKinds)[keyof typeof contentKinds]>(contentKinds, entry.get('pkgtype') ?? '0') ??
          'Package',
      }));
      const ids = splitList(step.take('DownloadPackages') ?? '');
      // The list of ids is what their client reads; the numbered entries add names and kinds.
      const wanted = ids.length > 0 ? ids : listed.flatMap(({ id }) => id || []);
      if (wanted.length === 0) throw new NotRepresentable('it names nothing to download');
      const packages = wanted.map((id) => {
        const known = listed.find((entry) => sameWord(entry.id, id));
        const kind = known?.kind ?? 'Package';
        const name = draft.reference(kind, id, known?.name);
        return kind === 'Package' ? name : { kind, name };
      });
      draft.set('packages', packages);
    },
    writing: {
      problem: ({ packages }) => (Array.isArray(packages) ? undefined : 'a variable stands for all its packages'),
      properties({ packages }, site) {
        const wanted = (Array.isArray(packages) ? packages : []).map((one: unknown) =>
          typeof one === 'string' ? { kind: 'Package', name: one } : (one as { kind: string; name: string }),
        );
        const list = wanted.flatMap(({ kind, name }) => {
          const PackageId = site.idOf(kind as ContentKind, name);
          const PkgType = Object.entries(contentKinds).find(([, known]) => known === kind)?.[0];
          return PackageId === undefined ? [] : [{ PackageId, PkgType }];
        });
        const ids = list.map(({ PackageId }) => PackageId);
        return [
          ...given('DownloadPackages', ids.join(','), { name: 'OSDDownloadDownloadPackages' }),
          ...given('NumPackages', ids.length, { name: 'OSDPackageCount' }),
          ...numbered('PackageInfo', 'OSDPackage', list),
        ];
      },
      owns: /^(DownloadPackages|NumPackages|PackageInfo.*)$/i,
      action: () => 'OsdDownloadContent.exe',
    },
  },
];

type ContentKind = (typeof contentKinds)[keyof typeof contentKinds];

/** `True` and `False`, as command lines have them. */
function capital(value: string): string {
  return value.replace(/^[tf]/, (letter) => letter.toUpperCase());
}

function noteNamesInVariables(draft: SettingsDraft, variables: string, what: string): void {
  draft.note(
    'import.names-in-variables',
    `the variables ${variables} name ${what} of the other site`,
    'let them hold names of this site',
  );
}
