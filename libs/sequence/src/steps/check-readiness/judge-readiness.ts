import { compareVersions, isVersionWithin } from '../../conditions/compare.js';
import { languageMatches, languageTag } from '../../conditions/language.js';
import type { CheckReadinessSettings } from './definition.js';

/** A fact as it was found, or why it was not. */
export type Found<T> = { readonly value: T } | { readonly unknown: string };

/** Everything that can be checked. */
export interface ReadinessFacts {
  readonly memoryMegabytes: Found<number>;
  readonly processorMegahertz: Found<number>;
  readonly freeDiskMegabytes: Found<number>;
  readonly operatingSystemType: Found<'client' | 'server'>;
  /** As Node calls it. */
  readonly architecture: Found<string>;
  readonly osVersion: Found<string>;
  readonly clientVersion: Found<string>;
  /** Language tag. */
  readonly osLanguage: Found<string>;
  readonly acPower: Found<boolean>;
  /** Adapters that are connected. */
  readonly network: Found<readonly { readonly name: string; readonly wireless: boolean }[]>;
  readonly firmware: Found<'uefi' | 'bios'>;
  readonly tpm: Found<TpmFacts | undefined>;
}

export interface TpmFacts {
  readonly majorVersion: number;
  readonly enabled: boolean;
  readonly activated: boolean;
}

/** One check: what it is called, its variable, what was wanted and found. */
export interface ReadinessCheck {
  readonly name: string;
  readonly variable: string;
  readonly passed: boolean;
  readonly wanted: string;
  readonly found: string;
}

type Answer = { readonly passed: boolean; readonly found: string };
type Judgement = { readonly wanted: string; readonly answer: Answer };

/** How one setting is checked. `wanted` is never undefined or false here. */
interface Check {
  readonly name: string;
  readonly variable: string;
  judge(wanted: NonNullable<unknown>, facts: ReadinessFacts): Judgement;
}

/** Looks at a fact; one that is not known never passes. */
function look<T>(found: Found<T>, judge: (value: T) => Answer): Answer {
  return 'unknown' in found ? { passed: false, found: `not known: ${found.unknown}` } : judge(found.value);
}

function atLeast(name: string, variable: string, unit: string, fact: (facts: ReadinessFacts) => Found<number>): Check {
  return {
    name,
    variable,
    judge: (wanted, facts) => ({
      wanted: `at least ${String(wanted)} ${unit}`,
      answer: look(fact(facts), (value) => ({ passed: value >= Number(wanted), found: `${value} ${unit}` })),
    }),
  };
}

function version(
  name: string,
  variable: string,
  bound: 'at least' | 'at most',
  fact: (facts: ReadinessFacts) => Found<string>,
): Check {
  return {
    name,
    variable,
    judge: (wanted, facts) => ({
      wanted: `${bound} ${String(wanted)}`,
      answer: look(fact(facts), (value) => {
        const passed =
          bound === 'at least'
            ? compareVersions(value, String(wanted)) >= 0
            : isVersionWithin(value, { maximumVersion: String(wanted) });
        return { passed, found: value };
      }),
    }),
  };
}

/** A check that is switched on; `judge` says what it found. */
function flag(name: string, variable: string, wanted: string, judge: (facts: ReadinessFacts) => Answer): Check {
  return { name, variable, judge: (_, facts) => ({ wanted, answer: judge(facts) }) };
}

/** Every check there is, in the order of the editor. Adding one: a setting, an entry here. */
const checks: Readonly<Record<keyof CheckReadinessSettings, Check>> = {
  minimumMemoryMegabytes: atLeast('memory', '_TS_CRMEMORY', 'MB', (facts) => facts.memoryMegabytes),
  minimumProcessorSpeedMegahertz: atLeast('processor speed', '_TS_CRSPEED', 'MHz', (facts) => facts.processorMegahertz),
  minimumFreeDiskMegabytes: atLeast('free disk space', '_TS_CRDISK', 'MB', (facts) => facts.freeDiskMegabytes),
  operatingSystemType: {
    name: 'operating system type',
    variable: '_TS_CROSTYPE',
    judge: (wanted, facts) => ({
      wanted: String(wanted),
      answer: look(facts.operatingSystemType, (value) => ({ passed: value === wanted, found: value })),
    }),
  },
  architecture: {
    name: 'architecture',
    variable: '_TS_CRARCH',
    judge: (wanted, facts) => ({
      wanted: String(wanted),
      answer: look(facts.architecture, (value) => {
        const bits = /64|s390x/.test(value) ? '64-bit' : '32-bit';
        return { passed: bits === wanted, found: `${bits} (${value})` };
      }),
    }),
  },
  minimumOsVersion: version('oldest system version', '_TS_CRMINOSVER', 'at least', (facts) => facts.osVersion),
  maximumOsVersion: version('newest system version', '_TS_CRMAXOSVER', 'at most', (facts) => facts.osVersion),
  minimumClientVersion: version('agent version', '_TS_CRCLIENTMINVER', 'at least', (facts) => facts.clientVersion),
  osLanguage: {
    name: 'system language',
    variable: '_TS_CROSLANGUAGE',
    judge: (wanted, facts) => {
      const tag = languageTag(String(wanted));
      return {
        wanted: tag ?? String(wanted),
        answer: look(facts.osLanguage, (value) => ({
          passed: tag !== undefined && languageMatches(tag, value),
          found: value,
        })),
      };
    },
  },
  acPower: flag('power', '_TS_CRACPOWER', 'plugged in', (facts) =>
    look(facts.acPower, (value) => ({ passed: value, found: value ? 'plugged in' : 'on battery' })),
  ),
  networkConnected: flag('network', '_TS_CRNETWORK', 'connected', (facts) =>
    look(facts.network, (adapters) => ({ passed: adapters.length > 0, found: describeAdapters(adapters) })),
  ),
  notWireless: flag('network adapter', '_TS_CRWIRED', 'connected by wire', (facts) =>
    look(facts.network, (adapters) => ({
      passed: adapters.some(({ wireless }) => !wireless),
      found: describeAdapters(adapters),
    })),
  ),
  uefi: flag('firmware', '_TS_CRUEFI', 'UEFI', (facts) =>
    look(facts.firmware, (value) => ({ passed: value === 'uefi', found: value.toUpperCase() })),
  ),
  tpmEnabled: flag('TPM', '_TS_CRTPMENABLED', 'TPM 2.0, enabled', (facts) => tpm(facts, 'enabled')),
  tpmActivated: flag('TPM', '_TS_CRTPMACTIVATED', 'TPM 2.0, activated', (facts) => tpm(facts, 'activated')),
};

function tpm(facts: ReadinessFacts, state: 'enabled' | 'activated'): Answer {
  return look(facts.tpm, (found) => {
    if (!found) return { passed: false, found: 'no TPM' };
    const text = `TPM ${found.majorVersion}, ${found[state] ? '' : 'not '}${state}`;
    return { passed: found.majorVersion >= 2 && found[state], found: text };
  });
}

function describeAdapters(adapters: readonly { readonly name: string; readonly wireless: boolean }[]): string {
  if (adapters.length === 0) return 'not connected';
  return adapters.map(({ name, wireless }) => `${name} (${wireless ? 'wireless' : 'wired'})`).join(', ');
}

/** Names of all variables that tell of a check. */
export const READINESS_VARIABLES: readonly string[] = Object.values(checks).map(({ variable }) => variable);

/** Judges all checks that the settings ask for, in the order of the editor; nothing is cut short. */
export function judgeReadiness(settings: CheckReadinessSettings, facts: ReadinessFacts): ReadinessCheck[] {
  return Object.entries(checks).flatMap(([setting, { name, variable, judge }]) => {
    const wanted = settings[setting as keyof CheckReadinessSettings];
    if (wanted === undefined || wanted === false) return [];
    const { wanted: text, answer } = judge(wanted, facts);
    return [{ name, variable, wanted: text, ...answer }];
  });
}

/** What is to be told when checks failed; undefined when none did. */
export function readinessProblem(results: readonly ReadinessCheck[]): string | undefined {
  const failed = results.filter(({ passed }) => !passed);
  if (failed.length === 0) return undefined;
  const list = failed.map(({ name, wanted, found }) => `${name}: wanted ${wanted}, found ${found}`).join('; ');
  return `${failed.length} of ${results.length} ${results.length === 1 ? 'check' : 'checks'} failed: ${list}`;
}
