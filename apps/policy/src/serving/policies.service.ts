import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { Batches } from '@muster/persistence/batches.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { CONFIG } from '@muster/service/tokens.js';
import type { PolicyConfig } from '../config.js';
import { LiveState } from '../live/live-state.js';
import { SiteKey } from '../site-key/site-key.js';
import { goBySettings } from '../settings/go-by-settings.js';
import { DeviceVariables } from '../variables/device-variables.service.js';
import { isFor } from './abilities.js';
import { BodyCache } from './body-cache.js';
import {
  isTagFor,
  matchesTag,
  type PolicyContent,
  policyDocument,
  policyTag,
  setsToTell,
  type ToldContent,
} from './policy-document.js';
import { PolicyRepository } from './policy.repository.js';
import { RememberedTags } from './remembered-tags.js';

/**
 * What one device is told. Most polls find nothing new, so the tag that a device last had is remembered until a change
 * concerns it: such a poll costs no query and no signature. What is signed is always read from the database.
 */
@Injectable()
export class Policies {
  private readonly tags: RememberedTags;
  private readonly signedBy: string | undefined;
  /** Polls wait for it together: none is answered by what was before a change that this process has heard of. */
  private catchingUp: Promise<void> | undefined;
  private readonly bodies = new BodyCache();
  /** A fleet that comes back, or that a change concerns, is read in few statements. */
  private readonly reads = new Batches<string, PolicyContent>(
    (deviceUids) => this.repository.readEach(this.database, deviceUids),
    { atOnce: 3, most: 50, pauseMilliseconds: 10 },
  );

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(PolicyRepository) private readonly repository: PolicyRepository,
    @Inject(LiveState) private readonly live: LiveState,
    @Inject(SiteKey) private readonly siteKey: SiteKey,
    @Inject(DeviceVariables) private readonly variables: DeviceVariables,
    @Inject(CONFIG) private readonly config: PolicyConfig,
  ) {
    this.tags = new RememberedTags(live.serial);
    this.signedBy = siteKey.former.length > 0 ? siteKey.thumbprint : undefined;
    live.onGap(() => this.tags.forgetAll());
  }

  /** The tag of a device that has its policy, when that can be said out of memory. */
  unchanged(deviceUid: string, ifNoneMatch: string | undefined, abilities: readonly string[]): string | undefined {
    if (this.tags.upTo < this.live.serial) return undefined;
    const tag = this.tags.get(deviceUid);
    return tag !== undefined && matchesTag(ifNoneMatch, tag) && isTagFor(tag, abilities) ? tag : undefined;
  }

  /**
   * The signed policy; `policy` undefined: the device has it already.
   * @param abilities what its agent says that it can do
   */
  async read(
    deviceUid: string,
    ifNoneMatch: string | undefined,
    abilities: readonly string[],
  ): Promise<{ tag: string; policy: string | undefined }> {
    if (this.tags.upTo < this.live.serial) await (this.catchingUp ??= this.catchUp());
    const unchanged = this.unchanged(deviceUid, ifNoneMatch, abilities);
    if (unchanged !== undefined) return { tag: unchanged, policy: undefined };
    for (;;) {
      const known = await this.reads.add(deviceUid);
      if (!isDeepStrictEqual(known.abilities, abilities))
        await this.repository.saveAbilities(this.database, deviceUid, abilities);
      const content = this.toldTo(known, abilities);
      const tag = policyTag(content, this.signedBy);
      this.live.heard(content.serial);
      this.tags.remember(deviceUid, tag, content.serial);
      if (matchesTag(ifNoneMatch, tag)) return { tag, policy: undefined };
      const sets = await this.variables.read(setsToTell(content));
      // Somebody changed variables between the two questions: what is signed must be what the tag says.
      if (!sets) continue;
      const variables = await this.variables.tell(deviceUid, sets, content.stepSecrets, content.sealingKey);
      const to = { site: this.config.MUSTER_SITE, deviceUid, now: new Date() };
      return { tag, policy: this.siteKey.signDocument(policyDocument(content, variables, to)) };
    }
  }

  private toldTo({ clientSettings, ...known }: PolicyContent, abilities: readonly string[]): ToldContent {
    const assignments = known.assignments.filter((one) => isFor(one, abilities));
    // What began while the agent was told of it ends all the same.
    const hidden = known.assignments.filter((one) => one.hold === 'Runs' && !assignments.includes(one));
    const stoppedDeployments = [...known.stoppedDeployments, ...hidden.map(({ deployment }) => deployment.uid)].sort();
    const { pollSeconds = this.config.MUSTER_POLL_SECONDS, ...under } = goBySettings({
      ...known,
      abilities,
      assignments,
      clientSettings,
    });
    return { ...known, abilities, stoppedDeployments, pollSeconds, ...under };
  }

  /** Forgets the tags of the devices that were concerned by what changed since. */
  private async catchUp(): Promise<void> {
    try {
      const [from, to] = [this.tags.upTo, this.live.serial];
      this.tags.changed(to, await this.live.concerned({ from, to }));
    } finally {
      this.catchingUp = undefined;
    }
  }

  /**
   * The exact bytes of a body.
   *
   * @throws MusterError `policy.unknown-body`: also for a body of others, whose existence is nobody's business
   */
  async readBody(deviceUid: string, digest: string): Promise<Buffer> {
    if (await this.repository.isBodyOf(this.database, digest, deviceUid)) {
      const bytes = await this.bodies.get(digest, () => this.repository.readBody(this.database, digest));
      if (bytes) return bytes;
    }
    throw new MusterError(
      'not-found',
      'policy.unknown-body',
      `No body ${digest} is assigned to this device. Ask for policy again`,
    );
  }
}
