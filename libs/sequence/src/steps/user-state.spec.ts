import { describeStepTypes, findingsOf, referencesOf } from '../../test/step-types.js';

describeStepTypes([
  {
    type: 'RequestStateStore',
    good: { purpose: 'Capture', retryCount: 30, retryDelaySeconds: '600', fallbackToNetworkAccount: '%Fallback%' },
    wrong: [
      [{ purpose: 'capture' }, 'purpose', 'sequence.invalid-value', 'make it one of: Capture, Restore'],
      [{ retryCount: 31 }, 'retryCount', 'sequence.out-of-range', 'make it at most 30'],
      [{ retryDelaySeconds: 601 }, 'retryDelaySeconds', 'sequence.out-of-range', 'make it at most 600'],
    ],
  },
  {
    type: 'CaptureUserState',
    good: {
      package: 'usmt',
      mode: 'Advanced',
      configFiles: 'migapp.xml, miguser.xml',
      fileAccess: 'Normal',
      useHardLinks: true,
      additionalOptions: '',
    },
    wrong: [
      [{ package: undefined }, 'package', 'sequence.missing-field', 'add "package" (string)'],
      [{ package: '' }, 'package', 'sequence.out-of-range', 'make it at least 1 character'],
      [{ mode: 'Expert' }, 'mode', 'sequence.invalid-value', 'make it one of: Simple, Advanced'],
      [{ configFiles: [''] }, 'configFiles/0', 'sequence.out-of-range', 'make it at least 1 character'],
      [
        { fileAccess: 'VSS' },
        'useHardLinks',
        'sequence.invalid-value',
        'remove "useHardLinks", or make "fileAccess" Normal',
      ],
      [{ offline: 1 }, 'offline', 'sequence.wrong-type', 'write a value of type boolean or string'],
    ],
  },
  {
    type: 'RestoreUserState',
    good: { package: '%UsmtPackage%', localAccounts: true, localAccountPassword: 'x', continueOnRestoreErrors: false },
    wrong: [
      [{ package: 3 }, 'package', 'sequence.wrong-type', 'write it in quotes: "3"'],
      [{ localAccounts: 'some' }, 'localAccounts', 'sequence.invalid-value', 'make it true or false'],
    ],
  },
  { type: 'ReleaseStateStore', good: {}, wrong: [] },
]);

describe('the settings of the user state steps', () => {
  it('allow the defaults of Normal file access beside VSS', () => {
    const settings = { package: 'usmt', fileAccess: 'VSS', useHardLinks: false, continueOnLockedFiles: true };
    expect(findingsOf('CaptureUserState', settings)).toEqual([]);
    expect(findingsOf('CaptureUserState', { package: 'usmt', offline: true })).toEqual([]);
  });

  it('refer to their package, unless a variable names it', () => {
    expect(referencesOf('CaptureUserState', { package: 'usmt' })).toEqual([{ kind: 'Package', name: 'usmt' }]);
    expect(referencesOf('RestoreUserState', { package: '%P%' })).toEqual([]);
  });
});
