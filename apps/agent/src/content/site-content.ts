import type { PolicyBody } from '@muster/contracts/agent/policy.js';
import type { Application } from '@muster/sequence/applications/application.js';
import type { Logger } from 'pino';
import { describeError } from '../identity/agent-error.js';
import {
  type AvailableContent,
  ContentError,
  type ContentProvider,
  type ContentRequest,
} from '../runner/content-provider.js';
import type { ContentCache } from './content-cache.js';

/** Content of the packages that one policy body names: versions and programs are the body's, whatever is newer on the site. */
export class SiteContent implements ContentProvider {
  constructor(
    private readonly cache: ContentCache,
    private readonly packages: PolicyBody['packages'],
    private readonly logger: Logger,
  ) {}

  /** @throws ContentError `content.kind-unsupported`, `content.not-in-policy`, `content.failed`, and as ContentCache */
  async fetch({ package: name, kind = 'Package' }: ContentRequest, signal: AbortSignal): Promise<AvailableContent> {
    if (kind !== 'Package') {
      const message = `"${name}" is a ${kind}: policy names the content of packages only, so far`;
      throw new ContentError('content.kind-unsupported', message);
    }
    const content = Object.hasOwn(this.packages, name) ? this.packages[name] : undefined;
    if (!content) {
      const known = Object.keys(this.packages).join(', ') || 'none';
      throw new ContentError('content.not-in-policy', `the policy has no package "${name}"; it has: ${known}`);
    }
    try {
      const folder = await this.cache.provide(content.manifest, this.logger, signal);
      return { folder, programs: content.programs };
    } catch (error) {
      if (signal.aborted) throw error;
      const { code, message } = describeError(error);
      this.logger.error({ code, reason: message, package: name }, 'content is not available');
      if (error instanceof ContentError) throw error;
      throw new ContentError(code.startsWith('agent.') ? 'content.failed' : code, message, { cause: error });
    }
  }

  /** @throws ContentError `content.application-unsupported`: policy does not carry applications yet */
  async application(name: string): Promise<Application> {
    const message = `application "${name}" cannot be had from the site: policy does not carry applications yet`;
    throw new ContentError('content.application-unsupported', message);
  }
}
