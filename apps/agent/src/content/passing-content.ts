import { rm } from 'node:fs/promises';
import type { ContentReach } from '@muster/contracts/agent/content.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { Logger } from 'pino';
import { reasonOf } from '../journal/journal-error.js';
import type { ContentCache } from './content-cache.js';

/**
 * Content that is fetched for one step and not kept (deployments.md section 3.6: access directly from the point). It is verified like all
 * content; the size of the cache does not limit it, and nothing has to make room for it. What the cache has is taken from there.
 */
export class PassingContent implements Pick<ContentCache, 'provide'> {
  private passing: ReturnType<ContentCache['passing']> | undefined;

  constructor(private readonly kept: Pick<ContentCache, 'has' | 'provide' | 'passing'>) {}

  /** @throws as {@link ContentCache.provide}, never for want of room in the cache */
  async provide(manifest: Digest, logger: Logger, signal: AbortSignal, reach?: ContentReach): Promise<string> {
    if (this.kept.has(manifest)) return this.kept.provide(manifest, logger, signal, reach);
    this.passing ??= this.kept.passing();
    return this.passing.cache.provide(manifest, logger, signal, reach);
  }

  /** The step has ended. What cannot be removed now is removed when the agent starts. */
  async release(logger: Logger): Promise<void> {
    const { passing } = this;
    if (!passing) return;
    this.passing = undefined;
    try {
      await rm(passing.folder, { recursive: true, force: true });
    } catch (error) {
      logger.warn({ code: 'content.not-removed', reason: reasonOf(error) }, 'content of a step is still there');
    }
  }
}
