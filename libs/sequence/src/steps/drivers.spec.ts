import { describeStepTypes, referencesOf } from '../../test/step-types.js';

describeStepTypes([
  {
    type: 'AutoApplyDrivers',
    good: { bestMatch: false, categories: ['laptops', '%Model%'], receiveTimeoutSeconds: '480' },
    wrong: [
      [{ bestMatch: 'best' }, 'bestMatch', 'sequence.invalid-value', 'make it true or false'],
      [{ categories: 3 }, 'categories', 'sequence.wrong-type', 'write a value of type array or string'],
      [{ sendTimeoutSeconds: 0 }, 'sendTimeoutSeconds', 'sequence.out-of-range', 'make it at least 1'],
    ],
  },
  {
    type: 'ApplyDriverPackage',
    good: { package: 'latitude', recurse: true, additionalOptions: '/ForceUnsigned' },
    wrong: [
      [{ package: undefined }, 'package', 'sequence.missing-field', 'add "package" (string)'],
      [{ recurse: 'deep' }, 'recurse', 'sequence.invalid-value', 'make it true or false'],
    ],
  },
]);

describe('Apply Driver Package', () => {
  it('refers to its driver package', () => {
    expect(referencesOf('ApplyDriverPackage', { package: 'd' })).toEqual([{ kind: 'DriverPackage', name: 'd' }]);
  });
});
