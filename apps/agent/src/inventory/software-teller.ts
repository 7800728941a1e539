import type { SoftwareRequest } from '@muster/contracts/agent/software.js';
import { digestOf } from '@muster/contracts/digest.js';
import type { Logger } from 'pino';
import { ServerError } from '../http/server-error.js';
import type { SiteApi } from '../http/site-api.js';
import { describeError } from '../identity/agent-error.js';
import { replaceFile } from '../identity/durable-files.js';
import { isDue, readTold } from './told.js';

/** Told again after as long, so that a site that lost it has it back; it is some hundred times as much as the facts. */
const tellAgainSeconds = 7 * 86_400;
/** A site of a release before does not know of it; it may be a newer one tomorrow. */
const askAgainSeconds = 86_400;

export interface SoftwareTellerOptions {
  readonly api: Pick<SiteApi, 'software'>;
  readonly logger: Logger;
  /** The file that remembers what the site has acknowledged. */
  readonly path: string;
  /** Undefined: nobody can say what is installed here. */
  gather(): Promise<SoftwareRequest | undefined>;
}

/** Tells the site what is installed on this computer: when it changed, and once a week. */
export class SoftwareTeller {
  private refusedAt: number | undefined;

  constructor(private readonly options: SoftwareTellerOptions) {}

  /**
   * Looks once, and tells what there is to tell. Throws what the site, or the way to it, says.
   *
   * @param asked the site wants to be told although nothing changed
   */
  async look(signal: AbortSignal, asked = false): Promise<void> {
    if (this.refusedAt !== undefined && performance.now() - this.refusedAt < askAgainSeconds * 1000) return;
    const { api, path, logger } = this.options;
    const software = await this.installed();
    if (!software) return;
    const now = { digest: digestOf(software), at: new Date().toISOString() };
    if (!asked && !isDue(readTold(path), now, tellAgainSeconds)) return;
    try {
      await api.software(software, signal);
    } catch (error) {
      if (!(error instanceof ServerError && error.isUnknownRoute)) throw error;
      this.refusedAt = performance.now();
      logger.info('the site is of a release that does not ask which software is installed');
      return;
    }
    this.refusedAt = undefined;
    replaceFile(path, JSON.stringify(now));
    const { length: entries } = software.software;
    logger.info({ entries }, 'the site has the installed software of this computer');
    const { leftOut } = software;
    if (leftOut > 0)
      logger.warn({ leftOut }, 'some installed software is not told: it is more than one computer may tell');
  }

  /** A package manager that fails must not keep the facts from being told. */
  private async installed(): Promise<SoftwareRequest | undefined> {
    try {
      return await this.options.gather();
    } catch (error) {
      this.options.logger.warn(describeError(error), 'cannot find out right now which software is installed');
      return undefined;
    }
  }
}
