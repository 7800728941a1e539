import type { Assignment } from '@muster/contracts/agent/policy.js';
import type { Logger } from 'pino';
import type { AssignmentFate } from '../policy/decide.js';
import type { Warnings } from './warnings.js';

export interface StartCountdownOptions {
  readonly warnings: Warnings;
  /** Does the sequence of a deployment want people to be told? */
  mayTell(assignment: Assignment): boolean;
  /** Tells people who are logged in; resolves to what went wrong. */
  tell(text: string): Promise<string | undefined>;
  readonly logger: Logger;
}

/** People at this computer are told before a run that nobody there asked for begins, and have the time of `warnMinutes`. */
export class StartCountdown {
  constructor(private readonly options: StartCountdownOptions) {}

  /** Until when a run waits for people; undefined: it may begin. Tells them when nobody has yet. */
  async holds({ assignment, decision }: AssignmentFate, now: number): Promise<number | undefined> {
    if (decision.state !== 'start' || decision.begins <= now) return undefined;
    const { uid, name } = assignment.deployment;
    const { warnings } = this.options;
    const told = warnings.warnedAt(uid);
    const minutes = assignment.warnMinutes ?? 0;
    if (told === undefined || told + minutes * 60_000 !== decision.begins) {
      warnings.note(uid, decision.begins - minutes * 60_000);
      await this.tell(assignment, `"${name}" starts on this computer at ${clockTime(decision.begins)}.`);
    }
    return decision.begins;
  }

  /** The run begins. */
  forget(deploymentUid: string): void {
    this.options.warnings.forget(deploymentUid);
  }

  /** Tells people of what does not begin after all, and forgets what is gone. */
  async keepOnly(fates: readonly AssignmentFate[]): Promise<void> {
    for (const uid of this.options.warnings.all) {
      const fate = fates.find(({ assignment }) => assignment.deployment.uid === uid);
      if (fate?.decision.state === 'start') continue;
      this.options.warnings.forget(uid);
      if (fate) await this.tell(fate.assignment, `"${fate.assignment.deployment.name}" does not start now.`);
    }
  }

  private async tell(assignment: Assignment, text: string): Promise<void> {
    const { mayTell, tell, logger } = this.options;
    const problem = mayTell(assignment) ? await tell(text) : undefined;
    const deployment = assignment.deployment.name;
    if (problem === undefined) logger.info({ deployment, text }, 'people are told');
    else logger.warn({ deployment, reason: problem }, 'people could not be told');
  }
}

/** As the clocks of this computer show it. */
function clockTime(instant: number): string {
  const at = new Date(instant);
  return [at.getHours(), at.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
}
