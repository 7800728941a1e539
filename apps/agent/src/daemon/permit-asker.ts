import type { Assignment } from '@muster/contracts/agent/policy.js';
import type { Logger } from 'pino';
import { backoffSeconds } from '../http/backoff.js';
import type { SiteApi } from '../http/site-api.js';
import { describeError } from '../identity/agent-error.js';
import { newRunId } from './run-id.js';
import type { StartPermits } from './start-permits.js';

const [firstRetrySeconds, mostRetrySeconds] = [2, 300];
/** Where an answer does not say. */
const firstStartSeconds = 60;
/** A whole group is refused at once; it must not come back at once. */
const spread = 0.2;

/** Asks the site for start permits. Whatever is not a permit lets nothing begin: a refusal, no answer, an answer that is none. */
export class PermitAsker {
  constructor(
    private readonly permits: StartPermits,
    private readonly api: Pick<SiteApi, 'permit'>,
    private readonly logger: Logger,
  ) {}

  /** True when the permit is there; else what is known says when to ask again. */
  async ask(assignment: Assignment, runIdBefore: string | undefined, signal: AbortSignal): Promise<boolean> {
    const { deployment, body } = assignment;
    const { uid, name } = deployment;
    const runId = runIdBefore ?? newRunId();
    const change = assignment.rollout?.change ?? 0;
    const known = { deployment: { uid, name }, body, runId, change };
    const { failures = 0 } = this.permits.of(uid) ?? {};
    this.permits.note({ ...known, failures });
    const askedAt = Date.now();
    try {
      const answer = await this.api.permit({ deploymentUid: uid, body, runId }, signal);
      const {
        granted,
        group,
        startWithinSeconds = firstStartSeconds,
        code,
        message,
        askAgainSeconds = firstRetrySeconds,
      } = answer;
      if (granted) {
        this.permits.note({ ...known, startBefore: isoAfter(askedAt, startWithinSeconds) });
        this.logger.info({ deployment: name, runId, group }, 'the site permits the start');
        return true;
      }
      const askAgainAt = isoAfter(askedAt, askAgainSeconds * (1 + Math.random() * spread));
      this.permits.note({ ...known, askAgainAt, code, message });
      this.logger.info(
        { deployment: name, code, reason: message, askAgainAt },
        'the site does not permit the start yet',
      );
    } catch (error) {
      if (signal.aborted) return false;
      const { code, message } = describeError(error);
      const seconds = backoffSeconds(failures + 1, firstRetrySeconds, mostRetrySeconds, Math.random());
      const askAgainAt = isoAfter(Date.now(), seconds);
      this.permits.note({ ...known, askAgainAt, failures: failures + 1, code, message });
      this.logger.warn({ deployment: name, code, reason: message, askAgainAt }, 'no start permit can be had');
    }
    return false;
  }
}

function isoAfter(from: number, seconds: number): string {
  return new Date(from + seconds * 1000).toISOString();
}
