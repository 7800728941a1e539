import { MOST_FATES } from '@muster/contracts/agent/fates.js';
import type { Logger } from 'pino';
import { type Bell, backoffSeconds, pause } from '../http/backoff.js';
import { ServerError } from '../http/server-error.js';
import type { SiteApi } from '../http/site-api.js';
import { describeError } from '../identity/agent-error.js';
import type { FateBook } from './fate-book.js';

/** What changes at one instant everywhere is told over so long; what changes meanwhile goes with it. */
const SPREAD_SECONDS = 2;
/** How long what the site does not want now waits. */
const HOLD_SECONDS = 600;
const [firstPauseSeconds, longestPauseSeconds] = [1, 300];
/** A site that is older than this agent: it may be updated. */
const OLD_SITE_SECONDS = 3600;

export interface FateSenderOptions {
  readonly api: Pick<SiteApi, 'fates'>;
  readonly book: FateBook;
  readonly logger: Logger;
  /** Rung when the book has something new. */
  readonly news: Bell;
  /** Uids of the deployments of the policy. */
  deployments(): ReadonlySet<string>;
}

/** Tells the site what the book has for it, until it is acknowledged. */
export class FateSender {
  /** Fewer in one request while one that the site refuses is looked for. */
  private most = MOST_FATES;

  constructor(private readonly options: FateSenderOptions) {}

  /**
   * Until `stop` is aborted.
   * @param requests ends requests that are on their way
   */
  async run(stop: AbortSignal, requests: AbortSignal): Promise<void> {
    const { book, news } = this.options;
    for (let failures = 0; !stop.aborted;) {
      if (book.unsent.length === 0) {
        await news.wait(3600, stop);
        await pause(Math.random() * SPREAD_SECONDS, stop);
        continue;
      }
      const waitSeconds = await this.send(requests, failures);
      failures = waitSeconds === undefined ? 0 : failures + 1;
      if (waitSeconds !== undefined) await pause(waitSeconds, stop);
    }
  }

  /** How long to wait before the next try; undefined: all that was sent is acknowledged. */
  private async send(signal: AbortSignal, failures: number): Promise<number | undefined> {
    const { api, book, logger, deployments } = this.options;
    const fates = book.unsent.slice(0, this.most);
    try {
      const { acknowledged } = await api.fates({ fates }, signal);
      book.acknowledge(acknowledged);
      this.most = Math.min(MOST_FATES, this.most * 2);
      if (acknowledged.length === fates.length) return undefined;
      book.keepOnly(deployments());
      logger.warn(
        { unwanted: fates.length - acknowledged.length },
        'the site does not know some deployments; they wait',
      );
      return HOLD_SECONDS;
    } catch (error) {
      if (signal.aborted) return 0;
      logger.warn({ ...describeError(error), waiting: fates.length }, 'what becomes of deployments waits for the site');
      const { status = 0, retryAfterSeconds = 0, isUnknownRoute = false } = error instanceof ServerError ? error : {};
      if ([400, 413, 422].includes(status)) {
        // One would be refused for ever, and keep the others waiting: it is found by halves, and left until it changes.
        this.most = Math.ceil(fates.length / 2);
        if (fates.length > 1) return 0;
        book.acknowledge(fates.map(({ number }) => number));
        return firstPauseSeconds;
      }
      if (isUnknownRoute) return OLD_SITE_SECONDS;
      const backoff = backoffSeconds(failures + 1, firstPauseSeconds, longestPauseSeconds, Math.random());
      return Math.max(backoff, retryAfterSeconds);
    }
  }
}
