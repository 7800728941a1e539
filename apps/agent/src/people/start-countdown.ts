import type { AssignmentFate } from '../policy/decide.js';
import { clockTime } from './clock-time.js';
import type { Notices } from './notices.js';
import type { Snoozes } from './snoozes.js';
import type { ToldTimes } from './told-times.js';

export interface StartCountdownOptions {
  readonly warnings: ToldTimes;
  readonly snoozes: Pick<Snoozes, 'forget'>;
  readonly notices: Notices;
}

/** People at this computer are told before a run that nobody there asked for begins, and have the time of `warnMinutes`. */
export class StartCountdown {
  constructor(private readonly options: StartCountdownOptions) {}

  /**
   * Until when a run waits for people; undefined: it may begin. Tells them when nobody has yet. What they put off waits without a
   * word until it is `warnMinutes` away, and they are told again then.
   */
  async holds({ assignment, decision }: AssignmentFate, now: number): Promise<number | undefined> {
    if (decision.state !== 'start' || decision.begins <= now) return undefined;
    const { uid, name } = assignment.deployment;
    const { warnings, notices } = this.options;
    const from = decision.begins - (assignment.warnMinutes ?? 0) * 60_000;
    if (decision.snoozed === true && from > now) return from;
    if (warnings.toldAt(uid) !== from) {
      warnings.note(uid, from);
      const says = `"${name}" starts on this computer at ${clockTime(decision.begins, now)}.`;
      await notices.tell(assignment, [says, ...notices.highImpactLines(assignment)].join('\n'));
    }
    return decision.begins;
  }

  /** The run begins. */
  forget(deploymentUid: string): void {
    this.options.warnings.forget(deploymentUid);
    this.options.snoozes.forget(deploymentUid);
  }

  /** Tells people of what does not begin after all, and forgets what is gone. */
  async keepOnly(fates: readonly AssignmentFate[]): Promise<void> {
    for (const uid of this.options.warnings.all) {
      const fate = fates.find(({ assignment }) => assignment.deployment.uid === uid);
      if (fate?.decision.state === 'start') continue;
      this.forget(uid);
      if (fate)
        await this.options.notices.tell(fate.assignment, `"${fate.assignment.deployment.name}" does not start now.`);
    }
  }
}
