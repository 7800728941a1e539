import type { Assignment, PolicySettings } from '@muster/contracts/agent/policy.js';
import { mayBeAsked } from '@muster/schedule/decide-start.js';
import type { Logger } from 'pino';
import { mayPass } from '../daemon/may-pass.js';
import type { RunRecords } from '../daemon/run-records.js';
import type { Bell } from '../http/backoff.js';
import { describeError } from '../identity/agent-error.js';
import { type AssignmentFate, beginsByItself, type DecidingFacts, judgeAssignments } from '../policy/decide.js';
import { isNew } from './announcements.js';
import { clockTime } from './clock-time.js';
import type { Notices } from './notices.js';
import { hasCadence, judgeReminder } from './reminders.js';
import type { Snoozes } from './snoozes.js';
import type { ToldTimes } from './told-times.js';

/** A clock that is set, a computer that slept, and people who were warned are noticed so soon. */
const lookSeconds = 60;
const idleSeconds = 3600;

export interface NoticeLoopOptions {
  /** What may start here, and all that is deployed to this computer. */
  readonly policy: {
    readonly assignments: readonly Assignment[];
    readonly startable: readonly Assignment[];
    readonly settings: PolicySettings;
  };
  readonly records: Pick<RunRecords, 'unfinished'>;
  /** What this computer knows at an instant. */
  facts(now: number): DecidingFacts;
  readonly reminders: ToldTimes;
  readonly announcements: ToldTimes;
  readonly snoozes: Pick<Snoozes, 'keepOnly'>;
  readonly notices: Notices;
  readonly logger: Logger;
  /** Rung when policy has changed, or people here put something off. */
  readonly changed: Bell;
}

/** Tells people of deployments that are new here, and reminds them of what begins later, as the settings of the site say. */
export class NoticeLoop {
  constructor(private readonly options: NoticeLoopOptions) {}

  /** Until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const now = Date.now();
      let seconds = lookSeconds;
      try {
        const next = await this.look(now);
        seconds = next === undefined ? idleSeconds : Math.min(lookSeconds, Math.max(0.001, (next - now) / 1000));
      } catch (error) {
        if (!mayPass(error)) throw error;
        // What cannot be noted is not told: it would be told again and again.
        this.options.logger.warn(describeError(error), 'people cannot be reminded now');
      }
      await this.options.changed.wait(seconds, signal);
    }
  }

  /** When there is something to tell next, by the clock; Infinity: nobody knows, undefined: people are told nothing. */
  private async look(now: number): Promise<number | undefined> {
    const { policy, records, reminders, announcements, snoozes } = this.options;
    const running = new Set(records.unfinished.map(({ deployment }) => deployment.uid));
    const here = new Set([...policy.assignments.map(({ deployment }) => deployment.uid), ...running]);
    for (const notes of [reminders, announcements, snoozes]) notes.keepOnly(here);
    if (!hasCadence(policy.settings) && policy.settings.announceNew !== true) return undefined;
    const facts = this.options.facts(now);
    const fates = judgeAssignments(policy.startable, facts).filter(
      ({ assignment }) => !running.has(assignment.deployment.uid),
    );
    let next = Infinity;
    for (const fate of fates) {
      const begins = beginsByItself(fate, facts);
      await this.announce(fate, begins, facts);
      if (begins !== undefined) next = Math.min(next, await this.remind(fate, begins, facts));
      if (fate.decision.state === 'waiting') next = Math.min(next, fate.decision.lookAgain ?? Infinity);
    }
    return next;
  }

  private async announce(fate: AssignmentFate, begins: number | undefined, facts: DecidingFacts): Promise<void> {
    const { policy, reminders, announcements, notices } = this.options;
    const { assignment, decision } = fate;
    const { uid, name } = assignment.deployment;
    const mayStart = policy.settings.usersMayStart !== false && mayBeAsked(assignment);
    if (policy.settings.announceNew !== true || !notices.areFor(assignment)) return;
    // What begins now tells of itself, and what nobody here may start and nothing starts is no news.
    if (decision.state === 'start' || (decision.state === 'offered' && !mayStart)) return;
    const hasRun = facts.lastRun(uid) !== undefined;
    if (!isNew(fate, { ...facts, hasRun }) || announcements.toldAt(uid) !== undefined) return;
    announcements.note(uid, facts.now);
    // It says what a reminder would.
    if (begins !== undefined) reminders.note(uid, facts.now);
    const when = begins === undefined ? '' : ` It starts on this computer at ${clockTime(begins, facts.now)}.`;
    const how = mayStart ? ` To start it now: muster-agent start ${name}` : '';
    await notices.tell(assignment, `"${name}" is new.${when}${how}`);
  }

  /** When to remind people of it next. */
  private async remind({ assignment }: AssignmentFate, begins: number, facts: DecidingFacts): Promise<number> {
    const { policy, reminders, notices } = this.options;
    const { uid, name } = assignment.deployment;
    const { now } = facts;
    if (!hasCadence(policy.settings) || !notices.areFor(assignment)) return Infinity;
    const toldAt = lastToldAt(uid, reminders, facts);
    const { due, lookAgain } = judgeReminder(begins, toldAt, policy.settings, now);
    // A clock that was set back: from now on it counts as told now, or it would be so at each look.
    if (due || (toldAt !== undefined && toldAt > now)) reminders.note(uid, now);
    if (due) await notices.tell(assignment, `"${name}" starts on this computer at ${clockTime(begins, now)}.`);
    return lookAgain;
  }
}

/** When people last heard that it begins, also by the warning before it. */
export function lastToldAt(
  deploymentUid: string,
  reminders: Pick<ToldTimes, 'toldAt'>,
  { now, warnedAt }: Pick<DecidingFacts, 'now' | 'warnedAt'>,
): number | undefined {
  const [reminded, warned] = [reminders.toldAt(deploymentUid), warnedAt(deploymentUid)];
  if (warned === undefined || warned > now) return reminded;
  return reminded === undefined ? warned : Math.max(reminded, warned);
}
