import type { Logger } from 'pino';
import type { Bell } from '../http/backoff.js';
import { Session, type SessionOptions } from '../http/session.js';
import type { SiteApi } from '../http/site-api.js';
import { describeError } from '../identity/agent-error.js';
import { ensureNextKeys, isRotationWished, offerOf, promoteNextKeys } from '../identity/key-rotation.js';
import type { StateFolder } from '../identity/state-folder.js';

const againMilliseconds = 60_000;

export interface KeyRotatorOptions {
  readonly folder: StateFolder;
  /** How sessions are opened with the keys at hand. */
  readonly session: SessionOptions;
  readonly api: Pick<SiteApi, 'offerKey'>;
  /** Thumbprint of the key that the site wants replaced. */
  wanted(): string | undefined;
  readonly logger: Logger;
  /** Rung when it is worth looking again. */
  readonly changed: Bell;
}

/**
 * Replaces the keys of this computer between runs: what a journal keeps of secrets is sealed with the old one. The new keys are on disk
 * before the site hears of them, and the old ones count until the new ones are proved: whatever crashes, one pair works.
 */
export class KeyRotator {
  private proved = false;
  private notBefore = 0;

  constructor(private readonly options: KeyRotatorOptions) {}

  /** The site takes only the keys of a rotation that a crash cut short. */
  nextCounts(): void {
    this.proved = true;
    this.options.changed.ring();
  }

  /** True when the keys were replaced: whoever uses them must read them anew. Call it only while no run is unfinished. */
  async rotate(signal: AbortSignal): Promise<boolean> {
    const { folder, logger } = this.options;
    if (!this.proved && !(this.isDue() && (await this.exchange(signal)))) return false;
    promoteNextKeys(folder);
    logger.info('this computer has new keys');
    return true;
  }

  private isDue(): boolean {
    const { folder, session, wanted } = this.options;
    if (Date.now() < this.notBefore) return false;
    return isRotationWished(folder) || wanted() === session.keys.key.thumbprint;
  }

  private async exchange(signal: AbortSignal): Promise<boolean> {
    const { folder, session, api, logger, changed } = this.options;
    try {
      const next = await ensureNextKeys(folder);
      await api.offerKey(await offerOf(session.identity.deviceUid, session.keys.key, next.key), signal);
      await new Session({ ...session, keys: next, next: undefined }).token();
      return true;
    } catch (error) {
      if (!signal.aborted)
        logger.warn(describeError(error), 'the keys of this computer could not be replaced; the old ones count');
      this.notBefore = Date.now() + againMilliseconds;
      setTimeout(() => changed.ring(), againMilliseconds).unref();
      return false;
    }
  }
}
