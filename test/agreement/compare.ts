import { isDeepStrictEqual } from 'node:util';
import { CONTENT_REACH } from '@muster/contracts/agent/content.js';
import { START_PERMITS } from '@muster/contracts/agent/permits.js';
import { type Assignment, CONTENT_FROM_POINT, type PolicyBody, START_PLACES } from '@muster/contracts/agent/policy.js';
import { digestOf } from '@muster/contracts/digest.js';
import type { KnownDevice } from '@muster/contracts/requests/read-device.js';
import { startRulesSchema } from '@muster/schedule/start-rules.js';
import { maintenanceWindowSchema } from '@muster/schedule/maintenance-window.js';
import { BodyFactsCache, decidingFacts } from '../../apps/agent/src/daemon/deciding-facts.js';
import { chooseRuns, judgeAssignments } from '../../apps/agent/src/policy/decide.js';
import { fateToTell } from '../../apps/agent/src/fates/fate-to-tell.js';
import { explainDeployment } from '../../apps/policy/src/explain/explain-deployment.js';
import { MusterError } from '@muster/platform/errors.js';
import { type Case, OWN_PLATFORM, randomCase } from './random-case.js';
import { judge, type Verdict } from './reference.js';

const UID = '7b7e4c5e-0000-4000-8000-000000000001';
const BODY = digestOf('body');
const ABILITIES = [CONTENT_FROM_POINT, CONTENT_REACH, START_PERMITS, START_PLACES];

/** Compares cases by their numbers; undefined: all agree, else the first one that does not, in words. */
export function findDisagreement(from: number, count: number): string | undefined {
  for (let number = from; number < from + count; number += 1) {
    const found = disagreementOf(randomCase(number));
    if (found) return `case ${number}: ${found}`;
  }
  return undefined;
}

/** How often each verdict was reached, and what was told: a generator that reaches few of them proves little. */
export function countVerdicts(from: number, count: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let number = from; number < from + count; number += 1) {
    const { state, detail = '', fate } = judge(randomCase(number).rules, whatDeviceKnows(randomCase(number)));
    for (const name of [`${state} ${detail}`.trim(), `tells ${fate ?? 'nothing'}`])
      counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** What the agent decides and what the site explains, each beside what the reference says with the same knowledge. */
function disagreementOf(one: Case): string | undefined {
  // A case that no user could have written would prove nothing.
  startRulesSchema.parse(one.rules);
  for (const window of one.windows) maintenanceWindowSchema.parse(window);
  const onDevice = { agent: agentVerdict(one), reference: judge(one.rules, whatDeviceKnows(one)) };
  if (!isDeepStrictEqual(onDevice.agent, onDevice.reference)) return told(one, onDevice);
  const atSite = { explain: siteVerdict(one), reference: withoutDetail(judge(one.rules, whatSiteKnows(one))) };
  if (!isDeepStrictEqual(atSite.explain, atSite.reference)) return told(one, atSite);
  return undefined;
}

function whatDeviceKnows(one: Case) {
  const last = one.runs.at(-1);
  // A wish is granted, and a warning followed, by the run that began at it or after it.
  const open = (at: number | undefined) => (at !== undefined && !(last && last.startedAt >= at) ? at : undefined);
  return {
    ...whatSiteKnows(one),
    atDevice: true,
    bootedAt: one.bootedAt,
    askedAt: open(one.askedAt),
    warnedAt: open(one.warnedAt),
  };
}

/** As the settings let them; what was asked for before the last run began is used up. */
function snoozedUntil({ now, snooze, snoozeMinutes, runs }: Case): number | undefined {
  if (!snooze || now < snooze.at || snoozeMinutes === 0) return undefined;
  if ((runs.at(-1)?.startedAt ?? -Infinity) >= snooze.at) return undefined;
  return Math.min(snooze.until, snooze.first + snoozeMinutes * 60_000);
}

/**
 * The same but what only the computer knows: when it started, and what people there asked for and were told. What they put off it tells: as far as it
 * counts there.
 */
function whatSiteKnows(one: Case) {
  const { runs, snooze: _snooze, ...known } = one;
  const last = runs.at(-1);
  const lastRun = last && { startedAt: last.startedAt, ...(last.ended ? { succeeded: last.succeeded } : {}) };
  const snoozed = snoozedUntil(one);
  return { ...known, lastRun, bootedAt: undefined, askedAt: undefined, warnedAt: undefined, snoozedUntil: snoozed };
}

function assignmentOf({ rules, deployedAt, permitAgainAt }: Case): Assignment {
  const rollout = permitAgainAt === undefined ? {} : { rollout: { change: 0 } };
  const createdAt = deployedAt === undefined ? {} : { createdAt: new Date(deployedAt).toISOString() };
  return { deployment: { uid: UID, name: 'd', generation: 1, ...createdAt }, ...rules, ...rollout, body: BODY };
}

/** The decision of the daemon, and what it tells the site: an unfinished run goes on before anything is decided (run-loop.ts). */
function agentVerdict(one: Case): Verdict {
  const { runs, windows } = one;
  // Nothing of it may start, and nothing is listened to (PolicyLoop.startable, offers.ts).
  if (one.refused !== undefined) return { state: 'refused' };
  if (runs.at(-1)?.ended === false) return { state: 'running' };
  const last = runs.at(-1);
  const body = { sequence: { spec: { ...one.sequence, steps: [] } }, packages: {} } as unknown as PolicyBody;
  const cache = new BodyFactsCache({ read: () => body });
  const known = decidingFacts(
    {
      records: {
        lastRun: () =>
          last && {
            runId: UID,
            deployment: { uid: UID, name: 'd', generation: 1 },
            result: last.succeeded ? 'succeeded' : 'failed',
            exitCode: last.succeeded ? 0 : 1,
            startedAt: new Date(last.startedAt).toISOString(),
            endedAt: new Date(last.startedAt).toISOString(),
          },
      },
      requests: { askedAt: () => one.askedAt },
      warnings: { toldAt: () => one.warnedAt },
      snoozes: { of: () => one.snooze },
      permits: {
        judge: () =>
          one.permitAgainAt === undefined ? undefined : { verdict: 'wait', until: one.permitAgainAt, says: 'it waits' },
      },
      body: (digest) => cache.of(digest),
      windows: () => windows.map((window) => ({ ...window, collection: 'c' })),
      settings: () => ({ snoozeMinutes: one.snoozeMinutes }),
      timeZone: one.timeZone,
      bootedAt: one.bootedAt,
      // Triggers of these are times and the start of the computer; their networks cost nothing.
      logOns: { times: { open: [] } },
      whereabouts: { known: { metered: false, onInternet: one.onInternet, writeFilter: one.writeFilter } },
      clock: { startOf: (startedAt) => startedAt },
    },
    one.now,
  );
  const facts = { ...known, os: OWN_PLATFORM };
  const fates = judgeAssignments([assignmentOf(one)], facts);
  const { decision } = fates[0]!;
  const told = fateToTell(fates[0]!, {
    now: one.now,
    preparation: undefined,
    hasRun: last !== undefined,
    warned: facts.warnedAt(UID) !== undefined,
    busy: false,
    secrets: one.opensSecrets ? undefined : 'they cannot be opened',
  });
  const fate = told && { fate: textOf(told) };
  if (!one.opensSecrets) return { state: 'no-secrets', ...fate };
  const { runs: chosen, lookAgain } = chooseRuns(fates);
  if (chosen.length > 0 !== (decision.state === 'start')) return { state: `chosen ${chosen.length}` };
  const detail = 'because' in decision ? decision.because : 'for' in decision ? decision.for : undefined;
  return {
    state: decision.state,
    ...(detail === undefined ? {} : { detail }),
    ...('begins' in decision ? { begins: decision.begins } : {}),
    ...(lookAgain === undefined ? {} : { lookAgain }),
    ...fate,
  };
}

function textOf({ state, reason }: { readonly state: string; readonly reason?: string | undefined }): string {
  return reason === undefined ? state : `${state} ${reason}`;
}

/** What `muster explain --device` says. */
function siteVerdict(one: Case): Verdict {
  const { sequence, runs, timeZone, windows, now } = one;
  const until = snoozedUntil(one);
  const device: KnownDevice = {
    uid: UID,
    name: 'device',
    facts: { os: OWN_PLATFORM, timeZone, onInternet: one.onInternet, writeFilter: one.writeFilter },
    lastRuns: runs.slice(-1).map(({ startedAt, succeeded, ended }) => ({
      deploymentUid: UID,
      ended,
      succeeded: ended && succeeded,
      startedAt: new Date(startedAt).toISOString(),
    })),
    ...(until === undefined ? {} : { snoozes: [{ deploymentUid: UID, until: new Date(until).toISOString() }] }),
  };
  const { enabled = null, maximumRunTimeMinutes: maximumMinutes = null, platforms = null } = sequence;
  const targeted = {
    uid: UID,
    name: 'd',
    collection: 'c',
    purpose: one.rules.purpose,
    state: 'compiled',
    code: null,
    reason: null,
  };
  const { start } = explainDeployment(
    { ...targeted, assignment: assignmentOf(one), enabled, maximumMinutes, platforms },
    one.permitAgainAt === undefined ? undefined : { deploymentUid: UID, granted: false, code: 'rollout.waiting' },
    {
      device,
      content: {
        windows: windows.map((window) => ({ ...window, collection: 'c' })),
        abilities: ABILITIES,
        clientSettings: [],
      },
      refusal: one.refused && new MusterError('forbidden', one.refused, 'the site refuses it'),
      secrets: one.opensSecrets ? undefined : { code: 'policy.secrets-unreadable', message: 'they cannot be opened' },
      now,
    },
  );
  if (!start) return { state: 'nothing' };
  const { state, lookAgain, fate } = start;
  return {
    state,
    ...(lookAgain === undefined ? {} : { lookAgain: Date.parse(lookAgain) }),
    ...(fate ? { fate: textOf(fate) } : {}),
  };
}

function withoutDetail({ detail: _detail, begins: _begins, ...verdict }: Verdict): Verdict {
  return verdict;
}

function told(one: Case, verdicts: Record<string, Verdict>): string {
  const lines = Object.entries(verdicts).map(([who, { lookAgain, ...verdict }]) => {
    const again = lookAgain === undefined ? '' : `, looks again at ${new Date(lookAgain).toISOString()}`;
    return `  ${who}: ${Object.values(verdict).join(' ')}${again}`;
  });
  const iso = (_key: string, value: unknown): unknown =>
    typeof value === 'number' && value > 1e12 ? new Date(value).toISOString() : value;
  return `\n${lines.join('\n')}\n${JSON.stringify(one, iso, 2)}`;
}
