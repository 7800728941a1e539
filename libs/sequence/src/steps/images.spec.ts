import { describeStepTypes, executedWith, referencesOf } from '../../test/step-types.js';

describeStepTypes(
  [
    {
      type: 'ApplyOperatingSystemImage',
      good: { image: 'debian-12', imageIndex: '%Index%', answerFilePackage: 'answers', answerFile: 'a.xml' },
      wrong: [
        [{ image: undefined }, 'image', 'sequence.missing-field', 'add one of: image, upgradePackage'],
        [{ upgradePackage: 'w' }, 'upgradePackage', 'sequence.invalid-value', 'remove "upgradePackage" or "image"'],
        [{ answerFile: undefined }, 'answerFile', 'sequence.missing-field', 'add "answerFile"'],
        [{ imageIndex: 0 }, 'imageIndex', 'sequence.out-of-range', 'make it at least 1'],
        [{ layeredDriver: 7 }, 'layeredDriver', 'sequence.out-of-range', 'make it at most 6'],
        [{ destinationDisk: 1 }, 'destinationPartition', 'sequence.missing-field', 'add "destinationPartition"'],
        [
          { destinationDisk: 100, destinationPartition: 1 },
          'destinationDisk',
          'sequence.out-of-range',
          'make it at most 99',
        ],
        [
          { destinationDrive: 'C:', destinationVariable: 'OSDisk' },
          'destinationVariable',
          'sequence.invalid-value',
          'remove "destinationVariable" or "destinationDrive"',
        ],
      ],
    },
    {
      type: 'ApplyDataImage',
      good: { image: 'maps', destinationVariable: '_DataDisk', wipeDestination: false },
      wrong: [
        [{ image: undefined }, 'image', 'sequence.missing-field', 'add "image" (string)'],
        [{ wipeDestination: 'no' }, 'wipeDestination', 'sequence.invalid-value', 'make it true or false'],
      ],
    },
    {
      type: 'SetupWindowsAndConfigMgr',
      good: { clientPackage: 'client', installProperties: 'SMSMP=mp.example.org' },
      wrong: [
        [{ clientPackage: undefined }, 'clientPackage', 'sequence.missing-field', 'add "clientPackage" (string)'],
      ],
    },
    {
      type: 'UpgradeOperatingSystem',
      good: { upgradePackage: 'w11', edition: 3, productKey: '%Key%', dynamicUpdate: 'Disable', driverPackage: 'd' },
      wrong: [
        [
          { upgradePackage: undefined },
          'upgradePackage',
          'sequence.missing-field',
          'add one of: upgradePackage, sourcePath, featureUpdates',
        ],
        [{ sourcePath: '/mnt' }, 'sourcePath', 'sequence.invalid-value', 'remove "sourcePath" or "upgradePackage"'],
        [
          { stagedDriverPath: 'C:\\Drivers' },
          'stagedDriverPath',
          'sequence.invalid-value',
          'remove "stagedDriverPath" or "driverPackage"',
        ],
        [
          { upgradePackage: undefined, featureUpdates: ['22H2'] },
          'driverPackage',
          'sequence.invalid-value',
          'remove "driverPackage" or "featureUpdates"',
        ],
        [
          { upgradePackage: undefined, driverPackage: undefined, stagedDriverPath: '/d', featureUpdates: '22H2' },
          'stagedDriverPath',
          'sequence.invalid-value',
          'remove "stagedDriverPath" or "featureUpdates"',
        ],
        [{ dynamicUpdate: 'Sometimes' }, 'dynamicUpdate', 'sequence.invalid-value', /one of: Off, On, OverridePolicy/],
        [{ timeoutMinutes: 0 }, 'timeoutMinutes', 'sequence.out-of-range', 'make it at least 1'],
      ],
    },
    {
      type: 'InstallDeploymentTools',
      good: { package: 'sysprep' },
      wrong: [[{ package: undefined }, 'package', 'sequence.missing-field', 'add "package" (string)']],
    },
    { type: 'PrepareClientForCapture', good: {}, wrong: [] },
    {
      type: 'PrepareWindowsForCapture',
      good: { keepActivation: true, buildStorageDriverList: 'false' },
      wrong: [[{ shutdown: 'later' }, 'shutdown', 'sequence.invalid-value', 'make it true or false']],
    },
    {
      type: 'CaptureOperatingSystemImage',
      good: { destination: '\\\\server\\images\\w.wim', account: 'D\\u', password: 'p', version: '' },
      wrong: [
        [{ destination: 'x'.repeat(256) }, 'destination', 'sequence.out-of-range', 'make it at most 255 characters'],
        [{ version: 'x'.repeat(33) }, 'version', 'sequence.out-of-range', 'make it at most 32 characters'],
        [{ creator: 'a\0b' }, 'creator', 'sequence.invalid-value', 'it must not contain a NUL character'],
      ],
    },
  ],
  ['SetupWindowsAndConfigMgr'],
);

describe('references of the image steps', () => {
  it('name images, sources, drivers and packages by their kind', () => {
    const settings = { image: 'i', answerFilePackage: 'a', answerFile: 'f' };
    expect(referencesOf('ApplyOperatingSystemImage', settings)).toEqual([
      { kind: 'OsImage', name: 'i' },
      { kind: 'Package', name: 'a' },
    ]);
    expect(referencesOf('ApplyOperatingSystemImage', { upgradePackage: 'u' })).toEqual([
      { kind: 'UpgradePackage', name: 'u' },
    ]);
    expect(referencesOf('ApplyDataImage', { image: 'i' })).toEqual([{ kind: 'OsImage', name: 'i' }]);
    expect(referencesOf('UpgradeOperatingSystem', { upgradePackage: 'u', driverPackage: 'd' })).toEqual([
      { kind: 'UpgradePackage', name: 'u' },
      { kind: 'DriverPackage', name: 'd' },
    ]);
    expect(referencesOf('SetupWindowsAndConfigMgr', { clientPackage: 'c', preProductionClientPackage: 'p' })).toEqual([
      { kind: 'Package', name: 'c' },
      { kind: 'Package', name: 'p' },
    ]);
  });
});

describe('variables of a device', () => {
  it('win over settings, and do no harm where the step has no use for them', () => {
    const image = executedWith(
      'ApplyOperatingSystemImage',
      { image: 'i', imageIndex: 1 },
      { OSDImageIndex: '4', OSDInstallEditionIndex: '2', OSDConfigFileName: 'a.xml' },
    );
    expect(image).toMatchObject({ image: 'i', imageIndex: 4 });
    const upgrade = executedWith(
      'UpgradeOperatingSystem',
      { sourcePath: '/mnt', dynamicUpdate: 'Off' },
      { OSDUpgradeInstallEditionIndex: '2', OSDUpgradeDynamicUpdateSettings: 'OverridePolicy' },
    );
    expect(upgrade).toMatchObject({ sourcePath: '/mnt', dynamicUpdate: 'OverridePolicy' });
    expect(executedWith('ApplyDataImage', { image: 'i' }, { OSDDataImageIndex: 'first' })).toBe(
      'step.invalid-settings',
    );
  });
});
