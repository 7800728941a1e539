import type { DecidingFacts } from '../policy/decide.js';
import { judgeAssignments } from '../policy/decide.js';
import type { PolicyLoop } from '../policy/policy-loop.js';
import type { Bell } from '../http/backoff.js';
import { isOver } from '../daemon/judge-preparation.js';
import type { Preparations } from '../daemon/preparations.js';
import type { RunRecords } from '../daemon/run-records.js';
import type { FateBook } from './fate-book.js';
import { fateOfRun, fateToTell } from './fate-to-tell.js';

export interface FateTellerOptions {
  readonly book: FateBook;
  readonly policy: Pick<PolicyLoop, 'assignments' | 'isSettling' | 'secretsProblem'>;
  readonly records: Pick<RunRecords, 'unfinished'>;
  readonly preparations: Pick<Preparations, 'of'>;
  facts(now: number): DecidingFacts;
  /** Rung when there is something to send. */
  readonly news: Pick<Bell, 'ring'>;
}

/** Notes for the site what becomes of each deployment here, as it was just decided. */
export class FateTeller {
  constructor(private readonly options: FateTellerOptions) {}

  /** @param busy whether a run goes on that others wait for */
  tell(busy: boolean): void {
    const { book, policy, records, preparations, news } = this.options;
    // In a moment it is known what they are.
    if (policy.isSettling) return;
    const now = Date.now();
    const facts = this.options.facts(now);
    const running = new Map(records.unfinished.map((run) => [run.deployment.uid, run]));
    const fates = judgeAssignments(policy.assignments, facts).map((one) => {
      const { deployment, body } = one.assignment;
      const preparation = preparations.of(deployment.uid);
      const lastRun = facts.lastRun(deployment.uid);
      const isNow = preparation?.body === body && !isOver(preparation, lastRun?.startedAt);
      const run = running.get(deployment.uid);
      const told = run
        ? fateOfRun(run, now)
        : fateToTell(one, {
            now,
            preparation: isNow ? preparation : undefined,
            hasRun: lastRun !== undefined,
            warned: facts.warnedAt(deployment.uid) !== undefined,
            busy,
            secrets: policy.secretsProblem,
          });
      return [deployment.uid, told] as const;
    });
    if (book.note(new Map(fates), now)) news.ring();
  }

  /** A run of it begins. */
  begun(deploymentUid: string): void {
    this.options.book.forget(deploymentUid);
    this.tell(true);
  }
}
