import type { z } from 'zod';
import {
  CONTENT_REACH,
  type ContentFault,
  contentFaultsResponseSchema,
  contentLocationsResponseSchema,
  type ContentReach,
  reachOn,
} from '@muster/contracts/agent/content.js';
import { type FatesRequest, type FatesResponse, fatesResponseSchema } from '@muster/contracts/agent/fates.js';
import type { InventoryRequest } from '@muster/contracts/agent/inventory.js';
import {
  ABILITIES_HEADER,
  type PermitRequest,
  type PermitResponse,
  permitResponseSchema,
  START_PERMITS,
} from '@muster/contracts/agent/permits.js';
import type { KeyOffer } from '@muster/contracts/agent/keys.js';
import {
  CLIENT_SETTINGS,
  CONTENT_FROM_POINT,
  PEOPLE_SETTINGS,
  policyResponseSchema,
  PROGRAM_SETTINGS,
  START_PLACES,
} from '@muster/contracts/agent/policy.js';
import { type ReportsRequest, type ReportsResponse, reportsResponseSchema } from '@muster/contracts/agent/reports.js';
import type { SoftwareRequest } from '@muster/contracts/agent/software.js';
import { type SiteKeyNews, siteKeyNewsSchema } from '@muster/contracts/agent/site-key.js';
import { WAKE_NEIGHBOURS } from '@muster/contracts/agent/wake-up.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { SiteAccess } from '../identity/site-access.js';
import { backoffSeconds, pause } from './backoff.js';
import { readAnswer } from './read-answer.js';
import { ServerError } from './server-error.js';
import type { Session } from './session.js';
import type { SiteAnswer, SiteRequest, Transport } from './transport.js';

export type ContentLocations = z.infer<typeof contentLocationsResponseSchema>;

/** Policy as it came, not verified yet; `unchanged` when the site has nothing newer than `etag`. */
export type PolicyAnswer = { readonly policy: string; readonly etag: string | undefined } | 'unchanged';

const ABILITIES = [
  CLIENT_SETTINGS,
  CONTENT_FROM_POINT,
  CONTENT_REACH,
  PEOPLE_SETTINGS,
  PROGRAM_SETTINGS,
  START_PERMITS,
  START_PLACES,
  WAKE_NEIGHBOURS,
].join(',');
const attempts = 4;
/** Some 40 s: a step fails when its content cannot be located, so a site that is being restarted is waited for. */
const contentAttempts = 12;

/**
 * The site's routes for an enrolled device. Everything here may be asked twice without harm, so what fails in a way that
 * can pass (no answer, 429, 5xx) is tried again with backoff and jitter, heeding Retry-After; reports have their own loop.
 * All methods throw ServerError or AgentError `server.invalid-answer`.
 */
export class SiteApi {
  constructor(
    private readonly transport: Transport,
    private readonly session: Session,
    /** Told what the site thinks of this computer. */
    private readonly access?: Pick<SiteAccess, 'refused' | 'admitted'>,
    /** Is this computer on the Internet? Then points for the Internet serve it. */
    private readonly onInternet: () => boolean = () => false,
  ) {}

  /** @param etag of the policy at hand. */
  async policy(etag: string | undefined, signal: AbortSignal): Promise<PolicyAnswer> {
    const path = '/api/v1/agent/policy';
    const headers = { [ABILITIES_HEADER]: ABILITIES, ...(etag === undefined ? {} : { 'if-none-match': etag }) };
    const answer = await this.call({ method: 'GET', path, headers, signal }, attempts);
    if (answer.status === 304) return 'unchanged';
    return { policy: readAnswer(policyResponseSchema, answer, path).policy, etag: answer.etag };
  }

  /** By which key the site signs now; not verified. */
  async siteKey(signal: AbortSignal): Promise<SiteKeyNews> {
    const path = '/api/v1/agent/site-key';
    return readAnswer(siteKeyNewsSchema, await this.call({ method: 'GET', path, signal }, attempts), path);
  }

  /** The events that say that policy may have changed. */
  async wakeUps(signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    const path = '/api/v1/agent/wake-ups';
    return this.withSession((token) => this.transport.stream({ path, headers: bearer(token), signal }));
  }

  /** The exact bytes of a policy body, not verified. */
  async body(digest: Digest, signal: AbortSignal): Promise<Buffer> {
    return (await this.call({ method: 'GET', path: `/api/v1/agent/bodies/${digest}`, signal }, attempts)).body;
  }

  /**
   * Manifest (not verified) and download URLs of the named files, or of the first 500.
   * @param reach which points the deployment allows; undefined: all
   * @param attemptsLeft times to ask, where the answer is one that may pass
   */
  async contentLocations(
    manifest: Digest,
    files: readonly Digest[] | undefined,
    signal: AbortSignal,
    reach?: ContentReach,
    attemptsLeft = contentAttempts,
  ): Promise<ContentLocations> {
    const path = '/api/v1/agent/content-locations';
    const where = reachOn(reach, this.onInternet());
    const json = { manifest, ...(files && { files }), ...(where && { reach: where }) };
    const answer = await this.call({ method: 'POST', path, json, signal }, attemptsLeft);
    return readAnswer(contentLocationsResponseSchema, answer, path);
  }

  /** Tells of at most 500 bad copies. */
  async contentFaults(faults: readonly ContentFault[], signal: AbortSignal): Promise<void> {
    const path = '/api/v1/agent/content-faults';
    readAnswer(
      contentFaultsResponseSchema,
      await this.call({ method: 'POST', path, json: { faults }, signal }, 2),
      path,
    );
  }

  /** May a run begin now? Asking twice is asking once. */
  async permit(question: PermitRequest, signal: AbortSignal): Promise<PermitResponse> {
    const path = '/api/v1/agent/permits';
    return readAnswer(permitResponseSchema, await this.call({ method: 'POST', path, json: question, signal }, 2), path);
  }

  /** Sends a batch once. What is not in the answer has to be sent again. */
  async reports(batch: ReportsRequest, signal: AbortSignal): Promise<ReportsResponse> {
    const path = '/api/v1/agent/reports';
    return readAnswer(reportsResponseSchema, await this.call({ method: 'POST', path, json: batch, signal }, 1), path);
  }

  /** Tells what becomes of deployments once. What is not in the answer has to be told again. */
  async fates(batch: FatesRequest, signal: AbortSignal): Promise<FatesResponse> {
    const path = '/api/v1/agent/fates';
    return readAnswer(fatesResponseSchema, await this.call({ method: 'POST', path, json: batch, signal }, 1), path);
  }

  /** Sends the facts of this computer once. */
  async inventory(inventory: InventoryRequest, signal: AbortSignal): Promise<void> {
    await this.call({ method: 'POST', path: '/api/v1/agent/inventory', json: inventory, signal }, 1);
  }

  /** Sends once which software is installed. */
  async software(software: SoftwareRequest, signal: AbortSignal): Promise<void> {
    await this.call({ method: 'POST', path: '/api/v1/agent/software', json: software, signal }, 1);
  }

  /** Offers another key for this device. */
  async offerKey(offer: KeyOffer, signal: AbortSignal): Promise<void> {
    await this.call({ method: 'POST', path: '/api/v1/agent/keys', json: offer, signal }, attempts);
  }

  private async call(request: SiteRequest, attemptsLeft: number): Promise<SiteAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.authorised(request);
      } catch (error) {
        if (!(error instanceof ServerError) || !error.retryable || attempt >= attemptsLeft) throw error;
        const seconds = Math.max(backoffSeconds(attempt, 0.25, 4, Math.random()), error.retryAfterSeconds ?? 0);
        await pause(seconds, request.signal);
        request.signal.throwIfAborted();
      }
    }
  }

  private async authorised(request: SiteRequest): Promise<SiteAnswer> {
    return this.withSession((token) =>
      this.transport.send({ ...request, headers: { ...request.headers, ...bearer(token) } }),
    );
  }

  /** With a token; with a new one when the site does not take the old one. */
  private async withSession<Answer>(ask: (token: string) => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await this.withToken(ask);
      this.access?.admitted();
      return answer;
    } catch (error) {
      if (error instanceof ServerError && error.status === 403) this.access?.refused(error.code);
      throw error;
    }
  }

  private async withToken<Answer>(ask: (token: string) => Promise<Answer>): Promise<Answer> {
    const token = await this.session.token();
    try {
      return await ask(token);
    } catch (error) {
      if (!(error instanceof ServerError) || error.status !== 401 || error.isUnknownRoute) throw error;
      this.session.drop(token);
      return ask(await this.session.token());
    }
  }
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}
