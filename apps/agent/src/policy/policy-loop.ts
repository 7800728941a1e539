import type { KeyObject } from 'node:crypto';
import type { Assignment, PolicySettings, PolicyVariables, PolicyWindow } from '@muster/contracts/agent/policy.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { Logger } from 'pino';
import { Bell, backoffSeconds, pause } from '../http/backoff.js';
import { ServerError } from '../http/server-error.js';
import type { SiteApi } from '../http/site-api.js';
import { followSiteKey, names } from '../identity/site-key.js';
import { describeError } from '../identity/agent-error.js';
import type { BodyStore } from './body-store.js';
import { type PolicyInForce, readStoredPolicy, storePolicy } from './policy-store.js';
import { openVariables } from './open-variables.js';
import type { SiteContact } from './site-contact.js';
import { type PolicyTrust, verifyPolicy } from './verify-policy.js';

/** Pause between polls before any policy says one. */
const firstPollSeconds = 30;
/** Between questions of a computer that the site refuses: whoever approves it waits for the answer. */
const refusedSeconds = 30;
const parallelBodies = 4;

export interface PolicyLoopOptions {
  readonly api: SiteApi;
  readonly bodies: BodyStore;
  readonly trust: PolicyTrust;
  /** Makes durable that the site signs by another key now. */
  keepSiteKeys(keys: Pick<PolicyTrust, 'signingKey' | 'formerSigningKeys'>): void;
  /** Opens what the site seals to this computer. */
  readonly sealingKey: KeyObject;
  /** The file of the last policy. */
  readonly path: string;
  /** Notes what came of asking. */
  readonly contact: SiteContact;
  readonly logger: Logger;
  /** Rung when there is something new to decide on. */
  readonly changed: Bell;
  /** Does the site refuse this computer? */
  refused(): boolean;
  /** Told when another policy is in force, also while a run goes on. */
  accepted(): void;
  /** Told when its bodies are here, or cannot be had now. */
  settled(): void;
}

/**
 * Keeps the policy of this device: asks the site, verifies, fetches bodies. What does not verify is refused and logged with
 * its code, and the last good policy stays in force, also without a network. A body that does not verify holds back its
 * own assignment only: a bad body must not keep another deployment from being removed.
 */
export class PolicyLoop {
  private inForce: PolicyInForce | undefined;
  private readonly wanted = new Bell();
  private available = new Set<Digest>();
  private secrets: string | undefined;
  private settling = false;

  private trust: PolicyTrust;

  constructor(private readonly options: PolicyLoopOptions) {
    this.trust = options.trust;
  }

  /** Verified assignments; empty while there is no policy. */
  get assignments(): readonly Assignment[] {
    return this.inForce?.document.assignments ?? [];
  }

  /** Maintenance windows of this device; empty: any time is right. */
  get windows(): readonly PolicyWindow[] {
    return this.inForce?.document.windows ?? [];
  }

  /**
   * Those that may begin; none while the site refuses this computer, or while a hidden variable of theirs cannot be opened: a run
   * without it would do something else.
   */
  get startable(): readonly Assignment[] {
    return this.secrets === undefined && !this.options.refused() ? this.assignments : [];
  }

  /** Why the secrets of runs cannot be opened; undefined: they can. */
  get secretsProblem(): string | undefined {
    return this.secrets;
  }

  /** Are bodies of another policy on their way? */
  get isSettling(): boolean {
    return this.settling;
  }

  /** The variables of a run that begins now. */
  get variables(): PolicyVariables {
    return this.inForce?.document.variables ?? { device: [], collections: [] };
  }

  /** What the site wants this computer to go by. */
  get settings(): PolicySettings {
    return this.inForce?.document.settings ?? {};
  }

  /** Thumbprint of the key that the site wants this device to replace. */
  get rotateKey(): string | undefined {
    return this.inForce?.document.rotateKey;
  }

  hasBody(digest: Digest): boolean {
    return this.available.has(digest);
  }

  /** Takes up the policy of the last start. */
  async load(): Promise<void> {
    const { path, logger } = this.options;
    try {
      this.inForce = await readStoredPolicy(path, this.trust);
    } catch (error) {
      logger.error({ ...describeError(error), path }, 'the stored policy is not used');
    }
    this.noteBodies();
    await this.tryToOpen();
    if (this.inForce) logger.info({ serial: this.inForce.document.serial }, 'policy of the last start is in force');
  }

  /** Polls until aborted: first at once, then as the policy says, ±10 % so that a fleet does not ask in step. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const { complete, retryAfterSeconds = 0 } = await this.poll(signal);
      failures = complete ? 0 : failures + 1;
      const usual = (this.inForce?.document.pollSeconds ?? firstPollSeconds) * (0.9 + Math.random() * 0.2);
      const most = this.options.refused() ? Math.min(usual, refusedSeconds * (0.9 + Math.random() * 0.2)) : usual;
      const wait = complete ? most : Math.min(most, backoffSeconds(failures, 1, most, Math.random()));
      // Not before the site wants to be asked, whoever is in a hurry.
      await pause(retryAfterSeconds, signal);
      await this.wanted.wait(Math.max(0, wait - retryAfterSeconds), signal);
    }
  }

  /** Asks once. Not `complete`: something is missing that may come soon. */
  private async poll(signal: AbortSignal): Promise<{ complete: boolean; retryAfterSeconds?: number | undefined }> {
    const { api, contact, logger } = this.options;
    try {
      const answer = await api.policy(this.inForce?.etag, signal);
      if (answer !== 'unchanged') await this.accept(answer.policy, answer.etag, signal);
      contact.answered(Date.now());
      const complete = await this.fetchBodies(signal);
      if (this.settling) this.settle();
      return { complete };
    } catch (error) {
      if (signal.aborted) return { complete: true };
      contact.failed(error, Date.now());
      logger.warn(describeError(error), 'no new policy; the last good one stays in force');
      const { retryable = false, retryAfterSeconds } = error instanceof ServerError ? error : {};
      return { complete: !retryable, retryAfterSeconds };
    }
  }

  private settle(): void {
    this.settling = false;
    this.options.changed.ring();
    this.options.settled();
  }

  private async accept(jws: string, etag: string | undefined, signal: AbortSignal): Promise<void> {
    const { path, logger } = this.options;
    if (!(await names(jws, this.trust.signingKey))) await this.followSite(signal);
    const document = await verifyPolicy(jws, this.trust, this.inForce?.document.serial);
    const accepted = { document, etag, receivedAt: new Date().toISOString() };
    storePolicy(path, jws, accepted);
    this.inForce = accepted;
    this.settling = true;
    this.noteBodies();
    await this.tryToOpen();
    logger.info({ serial: document.serial, assignments: document.assignments.length }, 'new policy is in force');
    this.options.changed.ring();
    this.options.accepted();
  }

  /** The site may have another key: if the one that is known vouches for it, it is kept before anything that it signed. */
  private async followSite(signal: AbortSignal): Promise<void> {
    const { api, keepSiteKeys, logger } = this.options;
    const news = await api.siteKey(signal).catch((error: unknown) => {
      // A site from before there was more than one key: it is just not signed by it.
      if (error instanceof ServerError && error.isUnknownRoute) return undefined;
      throw error;
    });
    if (!news) return;
    const keys = await followSiteKey(this.trust, news);
    if (keys.signingKey.x === this.trust.signingKey.x) return;
    keepSiteKeys(keys);
    this.trust = { ...this.trust, ...keys };
    logger.warn({ siteKey: keys.signingKey.x }, 'the site signs by another key now, for which the one before vouches');
  }

  /** Does the site want a run to end, by its deployment or alone? */
  stopped({ runId, deploymentUid }: { readonly runId: string; readonly deploymentUid: string }): boolean {
    const { deployments = [], runs = [] } = this.inForce?.document.stops ?? {};
    return (
      runs.includes(runId) ||
      deployments.includes(deploymentUid) ||
      this.assignments.some(({ deployment, hold }) => deployment.uid === deploymentUid && hold === 'Runs')
    );
  }

  /** Asks the site now, not only when it is time. */
  askNow(): void {
    this.wanted.ring();
  }

  private async tryToOpen(): Promise<void> {
    try {
      await openVariables(this.variables, this.options.sealingKey);
      this.secrets = undefined;
    } catch (error) {
      const problem = describeError(error);
      this.secrets = `${problem.message} (${problem.code})`;
      this.options.logger.error(problem, 'no run begins before a policy with readable secrets');
    }
  }

  private noteBodies(): void {
    const { bodies } = this.options;
    const digests = new Set(this.assignments.map(({ body }) => body));
    this.available = new Set([...digests].filter((digest) => this.available.has(digest) || bodies.read(digest)));
  }

  /** True when every assignment has its body. */
  private async fetchBodies(signal: AbortSignal): Promise<boolean> {
    const missing = [...new Set(this.assignments.map(({ body }) => body))].filter((body) => !this.hasBody(body));
    for (let start = 0; start < missing.length; start += parallelBodies) {
      await Promise.all(missing.slice(start, start + parallelBodies).map((digest) => this.fetchBody(digest, signal)));
    }
    if (missing.length > 0) this.options.changed.ring();
    return missing.every((digest) => this.hasBody(digest));
  }

  private async fetchBody(digest: Digest, signal: AbortSignal): Promise<void> {
    const { api, bodies, logger } = this.options;
    try {
      bodies.store(digest, await api.body(digest, signal));
      this.available.add(digest);
    } catch (error) {
      if (!signal.aborted) logger.warn({ ...describeError(error), body: digest }, 'the assignment of this body waits');
    }
  }
}
