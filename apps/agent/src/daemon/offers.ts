import { generateKeyPairSync } from 'node:crypto';
import { AgentError } from '../identity/agent-error.js';
import { describeRefusal, readRefusal, type Refusal } from '../identity/site-access.js';
import type { StateFolder } from '../identity/state-folder.js';
import { readSealingKey } from '../identity/sealing-key.js';
import { BodyStore } from '../policy/body-store.js';
import { decisionSays } from '../policy/decision-says.js';
import { secretsProblem } from '../policy/open-variables.js';
import { ownTimeZone } from '../facts/time-zone.js';
import type { Assignment, PolicySettings } from '@muster/contracts/agent/policy.js';
import {
  type AssignmentFate,
  beginsByItself,
  type BodyFacts,
  type DecidingFacts,
  judgeAssignments,
} from '../policy/decide.js';
import { bootedAt, BodyFactsCache, decidingFacts } from './deciding-facts.js';
import { content, isOver } from './judge-preparation.js';
import { ClockBehind } from './clock-behind.js';
import { LogOns } from './log-ons.js';
import { notedTimeZone } from './noted-time-zone.js';
import { isNew } from '../people/announcements.js';
import { lastToldAt } from '../people/notice-loop.js';
import { highImpactLines } from '../people/notices.js';
import { hasCadence, judgeReminder } from '../people/reminders.js';
import { Snoozes } from '../people/snoozes.js';
import { ToldTimes } from '../people/told-times.js';
import { runSays } from './run-says.js';
import { describePreparation } from './preparations-output.js';
import { Preparations } from './preparations.js';
import { type EndedRun, RunRecords } from './run-records.js';
import { StartPermits } from './start-permits.js';
import { StartRequests } from './start-requests.js';
import { Whereabouts } from './whereabouts.js';
import { enrolledIdentity, readPolicyFor } from './stored-policy.js';
import { mayBeAsked } from '@muster/schedule/decide-start.js';

/** A deployment to this computer and what becomes of it. */
export interface Offer {
  readonly deployment: string;
  readonly purpose: 'Required' | 'Available';
  /** May somebody here start it now? */
  readonly mayStart: boolean;
  readonly state:
    AssignmentFate['decision']['state'] | 'running' | 'fetching' | 'waits-for-content' | 'refused' | 'no-secrets';
  /** The state as a sentence. */
  readonly says: string;
  /** The first later instant at which that may change; absent: time alone changes nothing. */
  readonly lookAgain?: string | undefined;
  /** What the sequence says people may expect. */
  readonly estimate?: BodyFacts['properties']['estimate'];
  /** It is available for less than a week, and has not run here. */
  readonly isNew?: true;
  /** When people here are reminded of it next. */
  readonly remindsAt?: string | undefined;
  /** What people should know before a run that may take systems or data away. */
  readonly highImpact?: readonly string[] | undefined;
  readonly lastRun?: Pick<EndedRun, 'result' | 'endedAt'> | undefined;
}

/** As the settings of the site say it. */
export const NOBODY_STARTS = 'nobody at this computer may start anything (usersMayStart of its client settings)';

export interface Deciding {
  readonly bodies: BodyFactsCache;
  readonly logOns: LogOns;
  readonly now: number;
  readonly fates: readonly AssignmentFate[];
  readonly records: RunRecords;
  readonly requests: StartRequests;
  readonly preparations: Preparations;
  readonly facts: DecidingFacts;
  readonly reminders: ToldTimes;
  readonly snoozes: Snoozes;
  readonly settings: PolicySettings;
  /** May people here start anything at all? */
  readonly usersMayStart: boolean;
  /** Of the site about this computer. */
  readonly refusal: Refusal | undefined;
  /** Why no run begins, whatever it is. */
  readonly secrets: string | undefined;
}

/**
 * What the policy of this computer offers, decided as the daemon decides. Reading it disturbs no daemon.
 * @throws AgentError `agent.not-enrolled`, `agent.no-policy`, `agent.refused`, `agent.state-corrupt`, `agent.not-readable`
 */
export async function readOffers(folder: StateFolder, now: number): Promise<Offer[]> {
  const deciding = await readDeciding(folder, now);
  return deciding.fates.map((fate) => offerOf(fate, deciding)).sort((a, b) => (a.deployment < b.deployment ? -1 : 1));
}

/**
 * Asks the daemon of this computer to run a deployment as soon as no other run goes on. The daemon decides: what it would refuse is
 * refused here, so that whoever asks learns of it.
 * @throws AgentError as `readOffers`, and `start.unknown`, `start.not-allowed`, `start.running`
 */
export async function askForStart(folder: StateFolder, name: string, now: number): Promise<Offer> {
  const deciding = await readDeciding(folder, now);
  const { fates, requests } = deciding;
  const fate = fates.find(({ assignment }) => assignment.deployment.name === name);
  if (!fate) {
    const names = fates.map(({ assignment }) => assignment.deployment.name).sort();
    throw new AgentError(
      'start.unknown',
      `no deployment "${name}" is meant for this computer; there ${names.length === 0 ? 'are none' : `is ${names.join(', ')}`}`,
    );
  }
  const { deployment } = fate.assignment;
  const offer = offerOf(fate, deciding);
  if (offer.state === 'running') throw new AgentError('start.running', `"${name}" is running already`);
  if (!offer.mayStart) {
    const why = !deciding.usersMayStart
      ? `${NOBODY_STARTS}; ${offer.says}`
      : mayBeAsked(fate.assignment)
        ? offer.says
        : `it is Required and may not be started by hand (usersMayStart); ${offer.says}`;
    throw new AgentError('start.not-allowed', `"${name}" cannot be started now: ${why}`);
  }
  requests.ask(deployment.uid, now);
  return offer;
}

/**
 * All that the daemon of this computer decides with now.
 * @throws AgentError as `readOffers`
 */
export async function readDeciding(folder: StateFolder, now: number): Promise<Deciding> {
  const identity = enrolledIdentity(folder);
  const policy = await readPolicyFor(folder, identity);
  const refusal = readRefusal(folder.access);
  if (!policy && refusal) throw new AgentError('agent.refused', describeRefusal(refusal));
  if (!policy) {
    throw new AgentError('agent.no-policy', 'no policy has come from the site yet; is the daemon running?');
  }
  const { assignments, windows = [], variables, settings = {} } = policy.document;
  // Where there is no key, one that opens nothing: what has no secrets needs none.
  const { privateKey } = readSealingKey(folder.sealingKey) ?? generateKeyPairSync('x25519');
  const secrets = variables && (await secretsProblem(variables, privateKey));
  const records = new RunRecords(folder);
  const requests = new StartRequests(folder.requests);
  const logOns = new LogOns(folder.logOns);
  const permits = new StartPermits(folder.permits);
  const bodies = new BodyFactsCache(new BodyStore(folder.bodies));
  const snoozes = new Snoozes(folder.snoozes);
  const reminders = new ToldTimes(folder.reminders);
  const facts = decidingFacts(
    {
      records,
      requests,
      permits,
      warnings: new ToldTimes(folder.warnings),
      snoozes,
      body: (digest) => bodies.of(digest),
      windows: () => windows,
      settings: () => settings,
      timeZone: notedTimeZone(folder.timeZone) ?? ownTimeZone(),
      bootedAt: bootedAt(folder),
      logOns,
      whereabouts: new Whereabouts(folder.whereabouts),
      clock: new ClockBehind(folder.clock),
    },
    now,
  );
  const preparations = new Preparations(folder.preparations);
  const fates = judgeAssignments(assignments, facts);
  const usersMayStart = settings.usersMayStart !== false;
  const known = { now, bodies, logOns, fates, records, requests, preparations, facts, reminders, snoozes, settings };
  return { ...known, usersMayStart, refusal, secrets };
}

function offerOf(fate: AssignmentFate, deciding: Deciding): Offer {
  const { assignment, decision } = fate;
  const { now, records, preparations, bodies, logOns, usersMayStart, refusal, secrets } = deciding;
  const { deployment, purpose } = assignment;
  const sequence = bodies.of(assignment.body);
  const run = records.unfinished.find((one) => one.deployment.uid === deployment.uid);
  const running = run !== undefined;
  const last = records.lastRun(deployment.uid);
  const preparation = preparations.of(deployment.uid);
  const fetching =
    preparation?.body === assignment.body && !isOver(preparation, last && Date.parse(last.startedAt))
      ? describePreparation(preparation, decision, content(assignment))
      : undefined;
  const decided = 'lookAgain' in decision && decision.lookAgain !== undefined ? isoOf(decision.lookAgain) : undefined;
  const lookAgain = fetching?.lookAgain ?? decided;
  const known = { deployment: deployment.name, purpose };
  const lastRun = last ? { lastRun: { result: last.result, endedAt: last.endedAt } } : {};
  if (refusal) return { ...known, mayStart: false, state: 'refused', says: describeRefusal(refusal), ...lastRun };
  if (secrets && !running)
    return { ...known, mayStart: false, state: 'no-secrets', says: `waits: ${secrets}`, ...lastRun };
  return {
    ...known,
    mayStart: !running && usersMayStart && mayBeAsked(assignment) && allows(decision),
    state: running ? 'running' : (fetching?.state ?? decision.state),
    says: run
      ? runSays(run, now)
      : !usersMayStart && decision.state === 'offered'
        ? NOBODY_STARTS
        : (fetching?.says ?? `${decisionSays(decision, now)}${fetching?.besides ?? ''}${noLogOns(assignment, logOns)}`),
    ...(lookAgain === undefined || running ? {} : { lookAgain }),
    ...(sequence?.properties.estimate ? { estimate: sequence.properties.estimate } : {}),
    ...(purpose === 'Required' && sequence?.highImpact ? { highImpact: highImpactLines(sequence) } : {}),
    ...(!running && isNew(fate, { ...deciding.facts, hasRun: last !== undefined }) ? { isNew: true as const } : {}),
    ...(running ? {} : nextReminder(fate, deciding)),
    ...lastRun,
  };
}

/** When the daemon reminds people of it next, if nothing changes. */
function nextReminder(fate: AssignmentFate, { now, facts, settings, reminders }: Deciding): Pick<Offer, 'remindsAt'> {
  const { deployment, body, suppressNotifications } = fate.assignment;
  const isSilent = suppressNotifications === true || facts.body(body)?.properties.suppressNotifications === true;
  const begins = isSilent || !hasCadence(settings) ? undefined : beginsByItself(fate, facts);
  if (begins === undefined) return {};
  const { due, lookAgain } = judgeReminder(begins, lastToldAt(deployment.uid, reminders, facts), settings, now);
  if (due) return { remindsAt: isoOf(now) };
  return lookAgain < begins ? { remindsAt: isoOf(lookAgain) } : {};
}

/** Whether the wish of somebody here makes it run. */
function allows(decision: AssignmentFate['decision']): boolean {
  switch (decision.state) {
    case 'expired':
    case 'held':
    case 'disabled':
    case 'no-body':
    case 'rejected':
      return false;
    case 'waiting':
      return !['availability', 'network', 'write-filter'].includes(decision.for);
    default:
      return true;
  }
}

/** Says that a trigger cannot come here. */
function noLogOns({ triggers = [] }: Assignment, { times }: LogOns): string {
  const waits = triggers.some((one) => 'event' in one && (one.event === 'LogOn' || one.event === 'LogOff'));
  return waits && times.unknown === true ? '; without systemd-logind nobody knows here who logs on or off' : '';
}

function isoOf(instant: number): string {
  return new Date(instant).toISOString();
}
