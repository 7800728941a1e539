import type { ContentReach } from '@muster/contracts/agent/content.js';
import type { BodyContent, PolicyBody } from '@muster/contracts/agent/policy.js';
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
import type { PassingContent } from './passing-content.js';

/** A version as a body names it; only packages have programs. */
type BodyFiles = Pick<BodyContent, 'manifest'> & Partial<Pick<BodyContent, 'programs'>>;

/** What of a policy body is content. */
export type BodyNeeds = Pick<PolicyBody, 'packages' | 'contents' | 'applications'>;

/** Content and applications that one policy body names: versions, programs and documents are the body's, whatever is newer on the site. */
export class SiteContent implements ContentProvider {
  constructor(
    private readonly cache: Pick<ContentCache, 'provide'> & Partial<Pick<PassingContent, 'release'>>,
    private readonly needs: BodyNeeds,
    private readonly logger: Logger,
    /** Which points the deployment allows; undefined: all. */
    private readonly reach?: ContentReach,
  ) {}

  /** @throws ContentError `content.not-in-policy`, `content.failed`, and as ContentCache */
  async fetch({ package: name, kind = 'Package' }: ContentRequest, signal: AbortSignal): Promise<AvailableContent> {
    const known: Readonly<Record<string, BodyFiles>> =
      kind === 'Package' ? this.needs.packages : (this.needs.contents?.[kind] ?? {});
    const content = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!content) {
      const what = kind === 'Package' ? 'package' : kind;
      const names = Object.keys(known).join(', ') || 'none';
      throw new ContentError('content.not-in-policy', `the policy has no ${what} "${name}"; it has: ${names}`);
    }
    try {
      const folder = await this.cache.provide(content.manifest, this.logger, signal, this.reach);
      return { folder, programs: content.programs ?? {} };
    } catch (error) {
      if (signal.aborted) throw error;
      const { code, message } = describeError(error);
      this.logger.error({ code, reason: message, package: name, kind }, 'content is not available');
      if (error instanceof ContentError) throw error;
      throw new ContentError(code.startsWith('agent.') ? 'content.failed' : code, message, { cause: error });
    }
  }

  async release(): Promise<void> {
    await this.cache.release?.(this.logger);
  }

  /** @throws ContentError `content.application-not-in-policy`: no step names it, and no list of a step allows it */
  async application(name: string): Promise<Application> {
    const known = this.needs.applications ?? {};
    const document = Object.hasOwn(known, name) ? known[name] : undefined;
    if (document) return document;
    const message = `the policy has no application "${name}"; it has: ${Object.keys(known).join(', ') || 'none'}. A name that is only known during the run has to be among listApplications of the step`;
    throw new ContentError('content.application-not-in-policy', message);
  }
}
