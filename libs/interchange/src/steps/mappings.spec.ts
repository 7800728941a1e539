import { stepTypeNames } from '@muster/sequence/steps/registry.js';
import { became, script } from '../../test/imported.js';
import { STEP_MAPPINGS } from './mappings.js';

describe('the table of mappings', () => {
  it('has a mapping onto every type of ours', () => {
    const reached = new Set(STEP_MAPPINGS.map(({ to }) => to));
    expect(stepTypeNames().filter((type) => !reached.has(type))).toEqual([]);
    expect([...reached].filter((type) => !stepTypeNames().includes(type))).toEqual([]);
  });

  it('has each of their types once', () => {
    const types = STEP_MAPPINGS.flatMap(({ from }) => from.map((type) => type.toLowerCase()));
    expect(types.length).toBe(new Set(types).size);
  });

  it.each<[string, Record<string, string>, string, string, Record<string, unknown> | undefined]>([
    [
      'RunCommandLineAction',
      {
        CommandLine: 'a "b c"',
        PackageID: 'ABC00012',
        'OutputVariableName|SMSTSRunCommandLineOutputVariableName': 'Out',
        RunAsUser: 'true',
        'UserName|SMSTSRunCommandLineUserName': 'D\\u',
      },
      'smsswd.exe /run:ABC00012 a "b c"',
      'RunCommandLine',
      { command: 'a "b c"', package: 'package-abc00012', outputVariable: 'Out', runAs: { user: 'D\\u' } },
    ],
    [
      'RunCommandLineAction',
      {},
      'smsswd.exe /run:ABC00012 setup.exe /q',
      'RunCommandLine',
      { command: 'setup.exe /q', package: 'package-abc00012' },
    ],
    ['RunCommandLineAction', {}, 'smsswd.exe /run: dir', 'RunCommandLine', { command: 'dir' }],
    [
      'RunPowerShellScriptAction',
      { SourceScript: script('a\r\nb'), Parameters: '-A b', ExecutionPolicy: 'Bypass', OutputVariableName: 'X' },
      '',
      'RunScript',
      { script: 'a\nb', interpreter: 'pwsh', arguments: '-A b', executionPolicy: 'Bypass', outputVariable: 'X' },
    ],
    [
      'RunPowerShellScriptAction',
      { PackageID: 'ABC00012', ScriptName: 'a\\b.ps1' },
      '',
      'RunScript',
      { package: 'package-abc00012', file: 'a\\b.ps1' },
    ],
    [
      'SetVariableAction',
      { VariableName: 'A', VariableValue: '%B%' },
      '',
      'SetTaskSequenceVariable',
      { name: 'A', value: '%B%' },
    ],
    ['SetVariableAction', {}, 'tsenv.exe "A=b c"', 'SetTaskSequenceVariable', { name: 'A', value: 'b c' }],
    [
      'JoinDomainWorkgroupAction',
      {
        'DomainName|OSDJoinDomainName': 'example.org',
        'Username|OSDJoinAccount': 'E\\j',
        'OU|OSDJoinDomainOUName': 'LDAP://OU=x',
      },
      'osdjoin.exe /type:0',
      'JoinDomain',
      { kind: 'domain', domain: 'example.org', account: 'E\\j', organizationalUnit: 'LDAP://OU=x' },
    ],
    [
      'ConnectNetworkFolderAction',
      { Path: '\\\\s\\f', DriveLetter: 'M', Username: 'u' },
      '',
      'ConnectNetworkFolder',
      { path: '\\\\s\\f', driveLetter: 'M:', account: 'u' },
    ],
    [
      'RebootAction',
      { Target: 'HD', Message: 'm', MessageTimeout: '20' },
      'smsboot.exe /target:HD',
      'RestartComputer',
      { target: 'FullOS', message: 'm', delaySeconds: 20 },
    ],
    ['RebootAction', {}, 'smsboot.exe /target:WinPE', 'RestartComputer', { target: 'PE' }],
    [
      'PrestartCheckAction',
      {
        CheckMemory: 'true',
        'Memory|OSDMemory': '512',
        CheckMinOSVersion: 'false',
        'MinOSVersion|OSDMinOSVersion': '  . .',
        CheckDeviceUEFI: 'true',
      },
      '',
      'CheckReadiness',
      { minimumMemoryMegabytes: 512, uefi: true },
    ],
    [
      'InstallApplicationAction',
      {
        AppInfo: '1',
        AppInfo0Name: 'ScopeId_1/Application_f50cb461-c1cb-4718-9865-f3bd6a448639',
        AppInfo0DisplayName: 'Reader',
        ContinueOnInstallError: 'true',
        RetryCount: '2',
      },
      '',
      'InstallApplication',
      { applications: ['application-f50cb461'], continueOnInstallError: true, retryOnRestart: { count: 2 } },
    ],
    [
      'InstallApplicationAction',
      {},
      'smsappinstall.exe /app: /basevar:APP /continueOnError:True',
      'InstallApplication',
      { listVariable: 'APP' },
    ],
    [
      'InstallSoftwareAction',
      { PackageID: 'ABC00012', ProgramName: 'install' },
      '',
      'InstallPackage',
      { package: 'package-abc00012', program: 'install' },
    ],
    [
      'InstallUpdateAction',
      { Target: 'All', RetryCount: '0' },
      '',
      'InstallSoftwareUpdates',
      { target: 'All', retryOnRestart: { enabled: false } },
    ],
    [
      'DownloadPackageContentAction',
      {
        DownloadPackages: 'ABC00012,ABC00013',
        PackageInfo1PackageId: 'ABC00013',
        PackageInfo1PkgType: '257',
        DestinationLocationType: 'Custom',
        DestinationCustomPath: 'C:\\x',
        DestinationVariable: 'V',
      },
      '',
      'DownloadPackageContent',
      {
        packages: ['package-abc00012', { kind: 'OsImage', name: 'os-image-abc00013' }],
        destination: 'path',
        path: 'C:\\x',
        variable: 'V',
      },
    ],
    [
      'PartitionDiskAction',
      {
        DiskIndex: '0',
        PartitionStyle: 'GPT',
        Partitions: '2',
        Partitions0Type: 'EFI',
        Partitions0Size: '499',
        Partitions0SizeUnits: 'MB',
        Partitions0FileSystem: 'FAT32',
        Partitions1Type: 'PRIMARY',
        Partitions1Size: '99',
        Partitions1SizeUnits: '%',
        Partitions1Bootable: 'False',
        Partitions1VolumeLetterVariable: 'OSDisk',
      },
      '',
      'FormatAndPartitionDisk',
      {
        diskNumber: 0,
        partitionStyle: 'GPT',
        partitions: [
          { type: 'EFI', size: 499, sizeUnit: 'MB', fileSystem: 'FAT32' },
          { type: 'Primary', size: 99, sizeUnit: 'Percent', bootable: false, volumeLetterVariable: 'OSDisk' },
        ],
      },
    ],
    ['ConvertDiskAction', { 'X|OSDConvertDiskIndex': '1' }, '', 'ConvertDisk', { diskNumber: '1' }],
    [
      'EnableBitLockerAction',
      { Mode: 'TPM', CreateRecoveryPassword: 'AD', EncryptMethod: '7' },
      '',
      'EnableBitLocker',
      { mode: 'TPM', recoveryKey: 'ActiveDirectory', encryptionMethod: 'XTS_AES256' },
    ],
    ['DisableBitLockerAction', { RebootCount: '10' }, '', 'DisableBitLocker', { rebootCount: 10 }],
    [
      'OfflineEnableBitLockerAction',
      { DestinationVariable: 'OSDisk' },
      '',
      'PreProvisionBitLocker',
      { destinationVariable: 'OSDisk' },
    ],
    ['RequestStateStoreAction', {}, 'osdsmpclient.exe /restore', 'RequestStateStore', { purpose: 'Restore' }],
    [
      'CaptureUserStateAction',
      { 'P|_OSDMigrateUsmtPackageID': 'ABC00012', 'M|OSDMigrateMode': 'Simple' },
      '',
      'CaptureUserState',
      { package: 'package-abc00012', mode: 'Simple' },
    ],
    ['RestoreUserStateAction', { PackageID: 'ABC00012' }, '', 'RestoreUserState', { package: 'package-abc00012' }],
    ['ReleaseStateStoreAction', {}, '', 'ReleaseStateStore', undefined],
    [
      'ApplyOperatingSystemAction',
      { ImagePackageID: 'ABC00012', ImageIndex: '2', DestinationDisk: '0', DestinationPartition: '3' },
      '',
      'ApplyOperatingSystemImage',
      { image: 'os-image-abc00012', imageIndex: 2, destinationDisk: 0, destinationPartition: 3 },
    ],
    [
      'ApplyDataImageAction',
      { ImagePackageID: 'ABC00012', 'W|OSDWipeDestinationPartition': 'false' },
      '',
      'ApplyDataImage',
      { image: 'os-image-abc00012', wipeDestination: 'false' },
    ],
    [
      'SetupWindowsAndSMSAction',
      { ClientPackageID: 'ABC00012', ClientInstallProperties: 'SMSMP=x' },
      '',
      'SetupWindowsAndConfigMgr',
      { clientPackage: 'package-abc00012', installProperties: 'SMSMP=x' },
    ],
    [
      'UpgradeOperatingSystemAction',
      { InstallPackageID: 'ABC00012', ScanOnly: 'true', DynamicUpdateSettings: 'Enable' },
      '',
      'UpgradeOperatingSystem',
      { upgradePackage: 'upgrade-package-abc00012', scanOnly: true, dynamicUpdate: 'On' },
    ],
    [
      'InstallDeployToolsAction',
      { PackageID: 'ABC00012' },
      '',
      'InstallDeploymentTools',
      { package: 'package-abc00012' },
    ],
    ['PrepareSMSClientAction', {}, '', 'PrepareClientForCapture', undefined],
    ['PrepareOSAction', { KeepActivation: 'true' }, '', 'PrepareWindowsForCapture', { keepActivation: true }],
    [
      'CaptureSystemImageAction',
      { CaptureDestination: '\\\\s\\a.wim', CaptureUsername: 'u' },
      '',
      'CaptureOperatingSystemImage',
      { destination: '\\\\s\\a.wim', account: 'u' },
    ],
    ['AutoApplyAction', { BestMatch: 'true' }, '', 'AutoApplyDrivers', { bestMatch: true }],
    [
      'ApplyDriverPackageAction',
      {},
      'osddriverclient.exe /install:ABC00012',
      'ApplyDriverPackage',
      { package: 'driver-package-abc00012' },
    ],
    [
      'CaptureNetworkSettingsAction',
      { MigrateAdapterSettings: 'true' },
      '',
      'CaptureNetworkSettings',
      { adapterSettings: true },
    ],
    [
      'CaptureWindowsSettingsAction',
      { 'C|OSDMigrateComputerName': 'true' },
      '',
      'CaptureWindowsSettings',
      { computerName: 'true' },
    ],
    [
      'ApplyNetworkSettingsAction',
      {
        NetworkJoinType: '1',
        WorkgroupName: 'LAB',
        Adapters: '1',
        Adapters0EnableDHCP: 'false',
        Adapters0IPAddressList: '10.0.0.2',
        Adapters0SubnetMask: '255.0.0.0',
        Adapters0DNSServerList: '10.0.0.1',
      },
      '',
      'ApplyNetworkSettings',
      {
        joinType: 'Workgroup',
        workgroup: 'LAB',
        adapters: [
          { enableDhcp: false, ipAddresses: ['10.0.0.2'], subnetMasks: ['255.0.0.0'], dnsServers: ['10.0.0.1'] },
        ],
      },
    ],
    [
      'ApplyWindowsSettingsAction',
      { ComputerName: '%_SMSTSMachineName%', RandomAdminPassword: 'false' },
      '',
      'ApplyWindowsSettings',
      { computerName: '%_SMSTSMachineName%', randomAdminPassword: false },
    ],
    [
      '',
      { RunAsUser: 'false' },
      'cscript.exe "%SCRIPTROOT%\\ZTIConfigure.wsf"',
      'RunCommandLine',
      { command: 'cscript.exe "%SCRIPTROOT%\\ZTIConfigure.wsf"' },
    ],
    [
      '',
      { RunAsUser: 'false' },
      'cscript.exe "%SCRIPTROOT%\\ZTIWindowsUpdate.wsf"',
      'InstallSoftwareUpdates',
      { target: 'All' },
    ],
    [
      'BDD_Validate',
      { ImageMemory: '768', ImageProcessorSpeed: '0', VerifyOS: 'SERVER' },
      '',
      'CheckReadiness',
      { minimumMemoryMegabytes: 768, operatingSystemType: 'server' },
    ],
    [
      'BDD_InstallApplication',
      { ApplicationGUID: '{ff0981c9-5d79-4eae-b78f-6d9599cab3fa}' },
      '',
      'InstallApplication',
      { applications: ['application-ff0981c9'] },
    ],
    [
      'BDD_InstallOS',
      {
        OSGUID: '{11289f4d-6867-40b0-aba1-882044730e05}',
        DestinationOSInstallType: 'ByVariable',
        DestinationOSVariable: 'OSDisk',
      },
      '',
      'ApplyOperatingSystemImage',
      { image: 'os-image-11289f4d', destinationVariable: 'OSDisk' },
    ],
    [
      'BDD_InjectDrivers',
      { DriverSelectionProfile: 'Dell', DriverInjectionMode: 'AUTO' },
      '',
      'AutoApplyDrivers',
      { bestMatch: false, categories: ['Dell'] },
    ],
    [
      'BDD_RunPowerShellAction',
      { ScriptName: '%SCRIPTROOT%\\a.ps1', Parameters: '-A %B%' },
      '',
      'RunScript',
      { package: 'package-mdt-scripts', file: 'a.ps1', arguments: '-A %B%', executionPolicy: 'Bypass' },
    ],
  ])('%s %j %s becomes %s', (type, properties, action, to, settings) => {
    const node = became(type, properties, action);
    expect([node['type'], node['settings']]).toEqual([to, settings]);
  });
});
