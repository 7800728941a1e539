import * as fc from 'fast-check';
import { findingsOf } from '../../../test/step-types.js';
import { prepared } from '../../../test/prepared-step.js';
import type { CheckReadinessSettings } from './definition.js';
import { READINESS_VARIABLES, type ReadinessFacts, judgeReadiness, readinessProblem } from './judge-readiness.js';

const type = 'CheckReadiness';

const good: ReadinessFacts = {
  memoryMegabytes: { value: 4096 },
  processorMegahertz: { value: 2400 },
  freeDiskMegabytes: { value: 10_000 },
  operatingSystemType: { value: 'server' },
  architecture: { value: 'x64' },
  osVersion: { value: '12' },
  clientVersion: { value: '0.1.0' },
  osLanguage: { value: 'de-AT' },
  acPower: { value: true },
  network: { value: [{ name: 'eth0', wireless: false }] },
  firmware: { value: 'uefi' },
  tpm: { value: { majorVersion: 2, enabled: true, activated: true } },
};
const everything: CheckReadinessSettings = {
  minimumMemoryMegabytes: 4096,
  minimumProcessorSpeedMegahertz: 2400,
  minimumFreeDiskMegabytes: 10_000,
  operatingSystemType: 'server',
  architecture: '64-bit',
  minimumOsVersion: '12',
  maximumOsVersion: '12',
  minimumClientVersion: '0.1',
  osLanguage: 'de',
  acPower: true,
  networkConnected: true,
  notWireless: true,
  uefi: true,
  tpmEnabled: true,
  tpmActivated: true,
};
const passed = (settings: CheckReadinessSettings, facts: Partial<ReadinessFacts> = {}): boolean[] =>
  judgeReadiness(settings, { ...good, ...facts }).map((check) => check.passed);

describe('judging the readiness of a computer', () => {
  it('checks everything that is asked, and the bounds themselves pass', () => {
    const results = judgeReadiness(everything, good);
    expect(results.map(({ variable }) => variable)).toEqual(READINESS_VARIABLES);
    expect(results.filter((check) => !check.passed)).toEqual([]);
    expect(readinessProblem(results)).toBeUndefined();
  });

  it('checks nothing that is absent or false', () => {
    expect(judgeReadiness({}, good)).toEqual([]);
    expect(judgeReadiness({ acPower: false, uefi: false, tpmEnabled: false }, good)).toEqual([]);
  });

  it('names every check that failed with what was wanted and found', () => {
    const facts = { ...good, memoryMegabytes: { value: 2048 }, firmware: { value: 'bios' as const } };
    const results = judgeReadiness({ minimumMemoryMegabytes: 4096, uefi: true, acPower: true }, facts);
    expect(readinessProblem(results)).toBe(
      '2 of 3 checks failed: memory: wanted at least 4096 MB, found 2048 MB; firmware: wanted UEFI, found BIOS',
    );
  });

  it('fails a check whose fact is not known, and says why', () => {
    const results = judgeReadiness(
      { minimumProcessorSpeedMegahertz: 1 },
      { ...good, processorMegahertz: { unknown: 'no clock' } },
    );
    expect(readinessProblem(results)).toBe(
      '1 of 1 check failed: processor speed: wanted at least 1 MHz, found not known: no clock',
    );
    const unknown = Object.fromEntries(Object.keys(good).map((name) => [name, { unknown: '?' }]));
    expect(passed(everything, unknown)).toEqual(READINESS_VARIABLES.map(() => false));
  });

  it.each([
    [{ minimumOsVersion: '11.9' }, true],
    [{ minimumOsVersion: '12.1' }, false],
    [{ maximumOsVersion: '11' }, false],
    [{ maximumOsVersion: '12.0.1' }, true],
    [{ minimumClientVersion: '5.00.9000.1000' }, false],
    [{ operatingSystemType: 'client' as const }, false],
    [{ architecture: '32-bit' as const }, false],
    [{ osLanguage: '3079' }, true],
    [{ osLanguage: 'de-DE' }, false],
  ])('judges %j', (settings, outcome) => {
    expect(passed(settings)).toEqual([outcome]);
  });

  it('takes 12 as a maximum that includes 12.4', () => {
    expect(passed({ maximumOsVersion: '12' }, { osVersion: { value: '12.4' } })).toEqual([true]);
  });

  it('tells wireless from wired, and no adapter from both', () => {
    const settings = { networkConnected: true, notWireless: true };
    expect(passed(settings, { network: { value: [{ name: 'wlan0', wireless: true }] } })).toEqual([true, false]);
    expect(passed(settings, { network: { value: [] } })).toEqual([false, false]);
  });

  it('wants a TPM 2.0', () => {
    const settings = { tpmEnabled: true, tpmActivated: true };
    expect(passed(settings, { tpm: { value: undefined } })).toEqual([false, false]);
    expect(passed(settings, { tpm: { value: { majorVersion: 1, enabled: true, activated: true } } })).toEqual([
      false,
      false,
    ]);
    expect(passed(settings, { tpm: { value: { majorVersion: 2, enabled: true, activated: false } } })).toEqual([
      true,
      false,
    ]);
  });

  it('agrees with plain arithmetic on amounts', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 2 ** 31 - 1 }), (found, wanted) => {
        expect(passed({ minimumMemoryMegabytes: wanted }, { memoryMegabytes: { value: found } })).toEqual([
          found >= wanted,
        ]);
      }),
    );
  });
});

describe('the settings of CheckReadiness', () => {
  it('accept what variables hold for them', () => {
    const settings = {
      minimumMemoryMegabytes: '2048',
      operatingSystemType: 'CLIENT',
      architecture: '64',
      osLanguage: '1033',
      acPower: 'true',
    };
    expect(findingsOf(type, settings)).toEqual([]);
    expect(prepared(type, settings).settings).toEqual({
      minimumMemoryMegabytes: 2048,
      operatingSystemType: 'client',
      architecture: '64-bit',
      osLanguage: '1033',
      acPower: true,
    });
    expect(prepared(type, {}, { OSDMemory: '512' }).settings).toEqual({ minimumMemoryMegabytes: 512 });
  });

  it.each([
    [{ minimumMemoryMegabytes: 0 }, 'minimumMemoryMegabytes'],
    [{ operatingSystemType: 'phone' }, 'operatingSystemType'],
    [{ minimumOsVersion: '  . .' }, 'minimumOsVersion'],
    [{ osLanguage: 'Klingonish tongue' }, 'osLanguage'],
    [{ tpm: true }, 'tpm'],
  ])('say what is wrong with %j', (settings, path) => {
    expect(findingsOf(type, settings).map(([at]) => at)).toEqual([path]);
  });
});
