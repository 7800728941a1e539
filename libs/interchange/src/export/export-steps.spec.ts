import { STEP_DEFINITIONS } from '@muster/sequence/steps/registry.js';
import { roundTrip } from '../../test/exported.js';

type Settings = Record<string, unknown>;

/** Steps of ours that ConfigMgr has too: settings, and the command line of the engine there. */
const cases: [type: string, settings: Settings, action: string][] = [
  ['RunCommandLine', { command: 'setup.exe /quiet' }, 'smsswd.exe /run: setup.exe /quiet'],
  [
    'RunCommandLine',
    {
      command: 'C:\\a b\\setup.exe',
      arguments: ['say "hi"', '', 'C:\\x\\'],
      package: 'package-a',
      outputVariable: 'Out',
      workingDirectory: 'C:\\w',
      runAs: { user: 'EXAMPLE\\u' },
      disable64BitRedirection: true,
    },
    'smsswd.exe /run:ID-package-a "C:\\a b\\setup.exe" "say \\"hi\\"" "" C:\\x\\',
  ],
  [
    'RunScript',
    {
      script: 'Write-Host "a"\nexit 0\n',
      interpreter: 'pwsh',
      executionPolicy: 'Bypass',
      arguments: '-A 1',
      outputVariable: 'Out',
    },
    'OSDRunPowerShellScript.exe',
  ],
  [
    'RunScript',
    { package: 'package-a', file: 'a.ps1', executionPolicy: 'AllSigned', runAs: { user: 'u' } },
    'OSDRunPowerShellScript.exe',
  ],
  ['SetTaskSequenceVariable', { name: 'A', value: 'x "y" z' }, 'tsenv.exe "A=x "y" z" /hiddenflag:False'],
  ['SetTaskSequenceVariable', { name: 'A', value: '%B%', secret: true }, 'tsenv.exe "A=%B%" /hiddenflag:True'],
  [
    'SetDynamicVariables',
    {
      rules: [
        { set: [{ name: 'A', value: '1 < 2 & "3"' }] },
        { when: { variable: 'A', operator: 'exists' }, set: [{ name: 'B', value: '2' }] },
        { when: { variable: 'A', operator: 'like', value: '1*' }, set: [{ name: 'B', value: '3' }] },
        { when: { makeModel: { make: 'Dell*', model: '*' } }, set: [{ name: 'C', value: '3' }] },
        { when: { computer: { assetTag: 'T', uuid: 'U' } }, set: [{ name: 'D', value: '4' }] },
        { when: { location: { defaultGateway: '10.0.0.1' } }, set: [{ name: 'E', value: '5' }] },
      ],
    },
    'OSDSetDynamicVariables.exe',
  ],
  [
    'JoinDomain',
    { kind: 'domain', domain: 'example.org', organizationalUnit: 'OU=a', account: 'EXAMPLE\\j', skipRestart: true },
    'osdjoin.exe /type:0',
  ],
  ['JoinDomain', { kind: 'workgroup', workgroup: 'W' }, 'osdjoin.exe /type:1'],
  [
    'ConnectNetworkFolder',
    { path: '\\\\server\\share', driveLetter: 'Z:', account: 'u' },
    'smsnetuse.exe %SMSConnectNetworkFolderPath%',
  ],
  ['RestartComputer', { target: 'PE', message: 'soon', delaySeconds: 5 }, 'smsboot.exe /target:WinPE'],
  ['RestartComputer', { target: 'FullOS', delaySeconds: 0 }, 'smsboot.exe /target:HD'],
  [
    'CheckReadiness',
    {
      minimumMemoryMegabytes: 2048,
      minimumFreeDiskMegabytes: 1000,
      operatingSystemType: 'client',
      architecture: '64-bit',
      minimumOsVersion: '10.0',
      acPower: true,
      uefi: true,
      tpmEnabled: true,
    },
    'OSDPrestartCheck.exe',
  ],
  [
    'InstallApplication',
    { applications: ['app-a', 'app-b'], continueOnInstallError: true, retryOnRestart: { count: 3 } },
    'smsappinstall.exe /app:ID-app-a,ID-app-b /basevar: /continueOnError:True',
  ],
  ['InstallApplication', { listVariable: 'APPS' }, 'smsappinstall.exe /app: /basevar:APPS /continueOnError:'],
  [
    'InstallPackage',
    { package: 'package-a', program: 'Install' },
    'smsswd.exe /pkg:ID-package-a /install /basevar: /continueOnError:',
  ],
  ['InstallPackage', { listVariable: 'PKGS' }, 'smsswd.exe /pkg: /install /basevar:PKGS /continueOnError:'],
  [
    'InstallSoftwareUpdates',
    { target: 'All', useCachedScan: true, scanTimeoutSeconds: 60 },
    'TSInstallSWUpdate.exe /target:%SMSInstallUpdateTarget%',
  ],
  [
    'DownloadPackageContent',
    {
      packages: ['package-a', { kind: 'DriverPackage', name: 'drivers-a' }],
      destination: 'path',
      path: 'C:\\x',
      variable: 'D',
      continueOnDownloadError: false,
    },
    'OsdDownloadContent.exe',
  ],
  [
    'FormatAndPartitionDisk',
    {
      diskNumber: 0,
      partitionStyle: 'GPT',
      makeBootDisk: true,
      partitions: [
        { type: 'EFI', size: 300, sizeUnit: 'MB', fileSystem: 'FAT32', quickFormat: true },
        {
          type: 'Primary',
          size: 100,
          sizeUnit: 'Percent',
          fileSystem: 'NTFS',
          volumeName: 'OS',
          volumeLetterVariable: 'OSDisk',
        },
      ],
    },
    'osddiskpart.exe',
  ],
  ['ConvertDisk', { diskNumber: 1 }, 'osddiskpart.exe convert %OSDConvertDiskIndex%'],
  [
    'EnableBitLocker',
    {
      mode: 'TPM',
      recoveryKey: 'ActiveDirectory',
      fullDisk: true,
      waitForEncryption: false,
      encryptionMethod: 'XTS_AES256',
    },
    'OSDBitLocker.exe /enable /wait:false /mode:TPM /pwd:AD /full:true',
  ],
  ['DisableBitLocker', { drive: 'D:', rebootCount: 2 }, 'OSDBitLocker.exe /disable /drive:D:'],
  [
    'PreProvisionBitLocker',
    { destinationDrive: 'C:', fullDisk: false, skipWithoutTpm: true },
    'OSDOfflineBitlocker.exe /enable /drive:C:',
  ],
  ['RequestStateStore', { purpose: 'Restore', retryCount: 3 }, 'osdsmpclient.exe /restore'],
  ['RequestStateStore', { purpose: 'Capture' }, 'osdsmpclient.exe /capture'],
  [
    'CaptureUserState',
    { package: 'package-a', mode: 'Advanced', configFiles: ['a.xml', 'b.xml'], fileAccess: 'VSS' },
    'osdmigrateuserstate.exe /collect',
  ],
  ['RestoreUserState', { package: 'package-a', localAccounts: false }, 'osdmigrateuserstate.exe /apply'],
  ['ReleaseStateStore', {}, 'osdsmpclient.exe /release'],
  [
    'ApplyOperatingSystemImage',
    {
      image: 'image-a',
      imageIndex: 1,
      answerFilePackage: 'package-a',
      answerFile: 'u.xml',
      destinationVariable: 'OSDisk',
    },
    'OSDApplyOS.exe /image:ID-image-a,%OSDImageIndex% "/config:ID-package-a,%OSDConfigFileName%" /runfromnet:False',
  ],
  [
    'ApplyOperatingSystemImage',
    { upgradePackage: 'upgrade-a', edition: 2 },
    'OSDApplyOS.exe /install:ID-upgrade-a,%OSDInstallEditionIndex% /runfromnet:False',
  ],
  [
    'ApplyDataImage',
    { image: 'image-a', imageIndex: 2, destinationDisk: 0, destinationPartition: 3 },
    'OSDApplyOS.exe /data:ID-image-a,%OSDDataImageIndex%',
  ],
  ['SetupWindowsAndConfigMgr', { clientPackage: 'package-a', installProperties: 'A=1' }, 'OSDSetupWindows.exe'],
  ['UpgradeOperatingSystem', { upgradePackage: 'upgrade-a', edition: 1, dynamicUpdate: 'On' }, 'OSDUpgradeOS.exe'],
  ['InstallDeploymentTools', { package: 'package-a' }, 'OSDInstallDeployTools.exe'],
  ['PrepareClientForCapture', {}, 'osdpreparesmsclient.exe'],
  [
    'PrepareWindowsForCapture',
    { keepActivation: true, shutdown: false },
    'osdprepareos.exe /activate:%OSDKeepActivation% /bmsd:%OSDBuildStorageDriverList% /shutdown:%OSDShutdownPreparedOs%',
  ],
  [
    'CaptureOperatingSystemImage',
    { destination: '\\\\server\\share\\a.wim', account: 'EXAMPLE\\u', creator: 'me', version: '1' },
    'osdcapturesystemimage.exe',
  ],
  [
    'AutoApplyDrivers',
    { bestMatch: true, allowUnsigned: false, categories: ['a', 'b'] },
    'osddriverclient.exe /auto /bestmatch:%OSDAutoApplyDriverBestMatch% /unsigned:%OSDAllowUnsignedDriver%',
  ],
  [
    'ApplyDriverPackage',
    { package: 'drivers-a', recurse: true },
    'osddriverclient.exe /install:ID-drivers-a /unsigned:%OSDAllowUnsignedDriver%',
  ],
  ['CaptureNetworkSettings', { networkMembership: true, adapterSettings: false }, 'osdnetsettings.exe capture'],
  ['CaptureWindowsSettings', { computerName: true, timeZone: false }, 'osdwinsettings.exe /capture'],
  [
    'ApplyNetworkSettings',
    {
      joinType: 'Domain',
      domain: 'example.org',
      account: 'u',
      dnsSuffixes: ['a.example', 'b.example'],
      adapters: [
        { enableDhcp: true, name: 'LAN' },
        { enableDhcp: false, ipAddresses: ['10.0.0.2'], subnetMasks: ['255.0.0.0'], dnsServers: ['10.0.0.1'] },
      ],
    },
    'osdnetsettings.exe configure',
  ],
  [
    'ApplyWindowsSettings',
    {
      userName: 'u',
      organization: 'o',
      timeZone: 'UTC',
      randomAdminPassword: true,
      serverLicenseMode: 'PerServer',
      serverLicenseConnectionLimit: 5,
    },
    'osdwinsettings.exe /config',
  ],
];

describe('exporting steps that were written here', () => {
  it.each(cases)('%s %j', (type, settings, action) => {
    const { written, step } = roundTrip({ step: 'S', type, ...(Object.keys(settings).length > 0 ? { settings } : {}) });
    expect(written.findings).toEqual([]);
    expect(step).toMatchObject({
      step: 'S',
      type,
      ...(Object.keys(settings).length > 0 ? { settings: expect.any(Object) } : {}),
    });
    const escaped = action.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
    expect(written.xml).toContain(`<action>${escaped}</action>`);
  });

  it('covers every type of the registry', () => {
    expect(new Set(cases.map(([type]) => type))).toEqual(new Set(STEP_DEFINITIONS.map(({ type }) => type)));
  });

  it('is what the import makes of it, setting by setting', () => {
    for (const [type, settings] of cases) {
      if (type === 'RunCommandLine' || type === 'RunScript') continue;
      const { step } = roundTrip({ step: 'S', type, settings });
      expect([type, asTexts((step as { settings?: Settings }).settings ?? {})]).toEqual([type, asTexts(settings)]);
    }
  });

  it('keeps what says how a step runs', () => {
    const step = {
      step: 'A & "B" <C>',
      type: 'RunCommandLine',
      description: 'line 1\nline 2',
      disabled: true,
      continueOnError: true,
      runIn: 'PE' as const,
      timeoutSeconds: 90,
      retry: { attempts: 3 },
      successCodes: [0, 5, -1],
      settings: { command: 'x' },
    };
    const { written, step: again } = roundTrip(step);
    expect([again, written.findings]).toEqual([step, []]);
  });

  it('says of each setting without a counterpart that it is left out', () => {
    const { written } = roundTrip({
      step: 'S',
      type: 'InstallSoftwareUpdates',
      retry: { attempts: 2, backoffSeconds: 9 },
      settings: { target: 'All', packages: ['vim'], packageManager: 'apt' },
    });
    expect(
      written.findings.map(({ code, message, path, pointer }) => [code, message.split('"')[1], path, pointer]),
    ).toEqual(
      ['retry', 'packages', 'packageManager'].map((setting) => [
        'export.setting-left-out',
        setting,
        'S',
        '/spec/steps/0',
      ]),
    );
  });

  it.each([
    ['RunScript', { script: 'echo a' }],
    ['RunScript', { package: 'package-a', file: 'a.sh' }],
    ['RunCommandLine', { command: 'a | b', shell: true }],
    ['DownloadPackageContent', { packages: '%LIST%' }],
  ])('makes of a %s that only Linux has, %j, a disabled command that says so', (type, settings) => {
    const { written, step } = roundTrip({ step: 'S', type, runIn: 'FullOS', continueOnError: true, settings });
    expect(written.findings).toEqual([expect.objectContaining({ code: 'export.no-counterpart', path: 'S' })]);
    expect(step).toMatchObject({
      step: 'S',
      type: 'RunCommandLine',
      disabled: true,
      continueOnError: true,
      runIn: 'FullOS',
    });
    expect(step?.description).toContain(type);
  });
});

/** A value with its numbers as texts: a variable is a text, and settings take both. */
function asTexts(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, one: unknown) => (typeof one === 'number' ? String(one) : one));
}
