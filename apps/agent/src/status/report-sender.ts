import type { Logger } from 'pino';
import { type Bell, backoffSeconds, pause } from '../http/backoff.js';
import { ServerError } from '../http/server-error.js';
import type { SiteApi } from '../http/site-api.js';
import { describeError } from '../identity/agent-error.js';
import type { Spool, SpooledReport } from './spool.js';

const mostReports = 500;
/** Well below what a service accepts as one body. */
const mostBytes = 1_000_000;
/** How long a run waits whose reports the site does not want now. */
const holdSeconds = 600;
const [firstPauseSeconds, longestPauseSeconds] = [0.5, 30];

export interface ReportSenderOptions {
  readonly api: Pick<SiteApi, 'reports'>;
  readonly spool: Spool;
  readonly logger: Logger;
  /** Rung when the spool has something new. */
  readonly news: Bell;
  /** Told after an acknowledgement. */
  acknowledged(): void;
}

/** Sends what is in the spool until the site has acknowledged it, the oldest first. */
export class ReportSender {
  private limit = mostReports;

  constructor(private readonly options: ReportSenderOptions) {}

  /**
   * Until `stop` is aborted; a request on its way is waited for.
   * @param requests ends requests that are on their way
   */
  async run(stop: AbortSignal, requests: AbortSignal): Promise<void> {
    const { spool, news, logger } = this.options;
    for (let failures = 0; !stop.aborted;) {
      if (spool.size === 0) {
        await news.wait(3600, stop);
        continue;
      }
      try {
        // Nothing to send although something waits: runs are held.
        if (!(await this.sendOnce(requests))) await news.wait(holdSeconds / 10, stop);
        failures = 0;
      } catch (error) {
        if (requests.aborted) return;
        failures += 1;
        logger.warn({ ...describeError(error), waiting: spool.size }, 'reports wait for the site');
        const retryAfter = error instanceof ServerError ? (error.retryAfterSeconds ?? 0) : 0;
        const backoff = backoffSeconds(failures, firstPauseSeconds, longestPauseSeconds, Math.random());
        await pause(Math.max(backoff, retryAfter), stop);
      }
    }
  }

  /** Sends until nothing waits or the signal is aborted; true when nothing waits. For the end of the process. */
  async flush(signal: AbortSignal): Promise<boolean> {
    while (this.options.spool.size > 0 && !signal.aborted) {
      try {
        if (!(await this.sendOnce(signal))) break;
      } catch {
        await pause(firstPauseSeconds, signal);
      }
    }
    return this.options.spool.size === 0;
  }

  /** False when there is nothing that may be sent. */
  private async sendOnce(signal: AbortSignal): Promise<boolean> {
    const { api, spool, acknowledged } = this.options;
    const reports = spool.batch(this.limit, mostBytes);
    if (reports.length === 0) return false;
    try {
      const answer = await api.reports({ reports }, signal);
      if (answer.acknowledged.length === 0) {
        throw new ServerError('server.invalid-answer', 'the site acknowledged no report', undefined, undefined);
      }
      spool.acknowledge(answer.acknowledged);
      this.limit = mostReports;
      acknowledged();
    } catch (error) {
      if (!this.isolate(error, reports)) throw error;
    }
    return true;
  }

  /**
   * A batch that the site does not take is sent in halves until the one report is found that is the reason; that one must
   * not hold back all others for ever. What will never be taken is set aside; what is not wanted now, e.g. because
   * the site was restored from a time before the deployment, waits.
   */
  private isolate(error: unknown, reports: readonly SpooledReport[]): boolean {
    if (!(error instanceof ServerError)) return false;
    const wrong = [400, 413, 422].includes(error.status ?? 0);
    const unwanted = [403, 404, 409].includes(error.status ?? 0) && error.code.startsWith('reports.');
    const [only, another] = reports;
    if (!only || !(wrong || unwanted)) return false;
    if (another) {
      this.limit = Math.ceil(reports.length / 2);
      return true;
    }
    const { runId, number } = only.report;
    const { code, message } = describeError(error);
    if (wrong) {
      this.options.logger.error({ code, reason: message, runId, number }, 'the site refuses a report; it is set aside');
      this.options.spool.refuse(only, `${code}: ${message}`);
    } else {
      this.options.logger.warn(
        { code, reason: message, runId, number },
        'the site does not want this run now; it waits',
      );
      this.options.spool.hold(runId, holdSeconds);
    }
    this.limit = mostReports;
    return true;
  }
}
