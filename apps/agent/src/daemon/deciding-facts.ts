import type { ComputerTraits } from '@muster/contracts/agent/meant-for.js';
import type { PolicySettings, PolicyWindow } from '@muster/contracts/agent/policy.js';
import type { Digest } from '@muster/contracts/digest.js';
import { release } from 'node:os';
import { highRiskSteps } from '@muster/sequence/high-risk.js';
import type { PlatformFacts } from '@muster/sequence/platforms.js';
import { machineFacts } from '../facts/linux-machine.js';
import { architectureName, osIdentity } from '../facts/os-identity.js';
import { systemLanguage } from '../facts/system-language.js';
import { thisSystem } from '../facts/system.js';
import { SystemTree } from '../facts/system-tree.js';
import { currentBootId } from '../facts/boot-id.js';
import { bootTime } from '../facts/boot-time.js';
import type { StateFolder } from '../identity/state-folder.js';
import type { BodyStore } from '../policy/body-store.js';
import type { BodyFacts, DecidingFacts } from '../policy/decide.js';
import type { ClockBehind } from './clock-behind.js';
import type { LogOns } from './log-ons.js';
import type { RunRecords } from './run-records.js';
import { contentOf } from './needed-content.js';
import { DEFAULT_RUN_MINUTES } from './run-time-limit.js';
import type { StartPermits } from './start-permits.js';
import type { StartRequests } from './start-requests.js';
import type { Whereabouts } from './whereabouts.js';
import { snoozedUntil, type Snoozes } from '../people/snoozes.js';
import type { ToldTimes } from '../people/told-times.js';

/** Where this computer finds what it decides with. */
export interface FactSources {
  readonly records: Pick<RunRecords, 'lastRun'>;
  readonly requests: Pick<StartRequests, 'askedAt'>;
  readonly permits: Pick<StartPermits, 'judge'>;
  readonly warnings: Pick<ToldTimes, 'toldAt'>;
  readonly snoozes: Pick<Snoozes, 'of'>;
  body(digest: Digest): BodyFacts | undefined;
  windows(): readonly PolicyWindow[];
  /** What the site wants this computer to go by. */
  settings(): Pick<PolicySettings, 'usersMayStart' | 'snoozeMinutes'>;
  /** An IANA name. */
  readonly timeZone: string;
  /** When the computer started; undefined: nobody knows. */
  readonly bootedAt: number | undefined;
  readonly logOns: Pick<LogOns, 'times'>;
  readonly whereabouts: Pick<Whereabouts, 'known'>;
  readonly clock: Pick<ClockBehind, 'startOf'>;
}

/** What this computer knows at an instant. The daemon decides with it, and `muster-agent list` tells it. */
export function decidingFacts(sources: FactSources, now: number): DecidingFacts {
  const { records, requests, permits, warnings, snoozes, timeZone, bootedAt } = sources;
  const lastRun: DecidingFacts['lastRun'] = (uid) => {
    const run = records.lastRun(uid);
    return (
      run && {
        startedAt: sources.clock.startOf(Date.parse(run.startedAt), now),
        succeeded: run.result === 'succeeded',
      }
    );
  };
  return {
    now,
    timeZone,
    bootedAt,
    loggedOnAt: sources.logOns.times.loggedOnAt,
    loggedOffAt: sources.logOns.times.loggedOffAt,
    ...sources.whereabouts.known,
    os: ownPlatform,
    computer: ownTraits,
    windows: sources.windows(),
    body: (digest) => sources.body(digest),
    lastRun,
    refusal: (assignment) => {
      const judged = permits.judge(assignment, now);
      return judged?.verdict === 'wait' ? judged : undefined;
    },
    askedAt: (uid) =>
      sources.settings().usersMayStart === false ? undefined : sinceLastRun(requests.askedAt(uid), lastRun(uid)),
    warnedAt: (uid) => sinceLastRun(warnings.toldAt(uid), lastRun(uid)),
    snoozedUntil: (uid) => snoozedUntil(snoozes.of(uid), sources.settings(), { now, since: lastRun(uid)?.startedAt }),
  };
}

/** The operating system does not change under a running agent. */
const ownPlatform: PlatformFacts = {
  ...osIdentity(thisSystem, release),
  architecture: architectureName(process.arch),
};

const ownTraits: ComputerTraits = {
  architecture: ownPlatform.architecture,
  language: thisSystem.platform === 'linux' ? systemLanguage(thisSystem) : undefined,
  model: thisSystem.platform === 'linux' ? machineFacts(new SystemTree())?.model : undefined,
};

/** A crash between the beginning of a run and the end of what led to it must not count for another run. */
function sinceLastRun(at: number | undefined, lastRun: { startedAt: number } | undefined): number | undefined {
  return at !== undefined && at > (lastRun?.startedAt ?? -Infinity) ? at : undefined;
}

/** When this boot was first seen. */
export function bootedAt(folder: StateFolder): number | undefined {
  return bootTime(folder.boot, currentBootId(), Date.now());
}

/** What bodies say of their runs, each read and verified once. */
export class BodyFactsCache {
  private readonly known = new Map<Digest, BodyFacts>();

  constructor(private readonly bodies: Pick<BodyStore, 'read'>) {}

  of(digest: Digest): BodyFacts | undefined {
    const known = this.known.get(digest);
    if (known) return known;
    const body = this.bodies.read(digest);
    if (!body) return undefined;
    const { spec } = body.sequence;
    const specs = [spec, ...Object.values(body.children ?? {}).map((child) => child.spec)];
    const { platforms, highImpactText, suppressNotifications, estimate } = spec;
    const facts = {
      enabled: spec.enabled !== false,
      maximumMinutes: spec.maximumRunTimeMinutes ?? DEFAULT_RUN_MINUTES,
      content: contentOf(body),
      properties: { platforms, highImpactText, suppressNotifications, estimate },
      highImpact: spec.highImpact === true || specs.some((one) => highRiskSteps(one).length > 0),
    };
    this.known.set(digest, facts);
    return facts;
  }
}
