import type { Assignment } from '@muster/contracts/agent/policy.js';
import type { Application } from '@muster/sequence/applications/application.js';
import type { Logger } from 'pino';
import { pause } from '../http/backoff.js';
import {
  type AvailableContent,
  ContentError,
  type ContentProvider,
  type ContentRequest,
} from '../runner/content-provider.js';
import { afterFailure, deadlineOf } from './judge-preparation.js';

/** What room would mend. */
const withoutRoom = new Set(['content.cache-full', 'content.no-space']);

/** Whose content it is. */
export interface Patience extends Pick<Assignment, 'expiresAt'> {
  /** Required waits until the deployment ends, or 72 hours; Available fails at once. */
  readonly purpose: Assignment['purpose'];
  readonly timeZone: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Aborted: the run is to end behind its step, which waits no longer. */
  readonly stopped: AbortSignal;
}

/**
 * Content for the steps of a run that waits, in its middle, for room in the cache or on the disk (deployments.md, 9): the computer is
 * half changed by then, and to fail for want of room would leave it so. A time limit of the run counts on.
 */
export class ContentWithPatience implements ContentProvider {
  constructor(
    private readonly content: ContentProvider,
    private readonly patience: Patience,
    private readonly logger: Logger,
  ) {}

  application(name: string, signal: AbortSignal): Promise<Application> {
    return this.content.application(name, signal);
  }

  async release(): Promise<void> {
    await this.content.release?.();
  }

  /** @throws as the content itself; for want of room only once waiting is over */
  async fetch(request: ContentRequest, signal: AbortSignal): Promise<AvailableContent> {
    const { purpose, timeZone, now, stopped } = this.patience;
    const since = now();
    const deadline = deadlineOf(this.patience, since, timeZone);
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.content.fetch(request, signal);
      } catch (error) {
        signal.throwIfAborted();
        const isOver = stopped.aborted || now() >= deadline;
        if (isOver || !(error instanceof ContentError) || !withoutRoom.has(error.code)) throw error;
        const failure = { tries, starting: true, now: now(), deadline, random: Math.random() };
        const after = afterFailure(purpose, error.code, failure);
        if ('refused' in after) throw error;
        const nextTryAt = new Date(after.nextTry).toISOString();
        this.logger.warn(
          { code: error.code, reason: error.message, nextTryAt, deadline: new Date(deadline).toISOString() },
          'a step waits for room for its content',
        );
        await pause((after.nextTry - now()) / 1000, AbortSignal.any([signal, stopped]));
        signal.throwIfAborted();
        if (stopped.aborted) throw error;
      }
    }
  }
}
