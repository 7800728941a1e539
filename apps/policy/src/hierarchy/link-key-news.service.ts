import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import {
  linkKeyAnswerSchema,
  linkKeyQuestionSchema,
  type LinkKeyQuestion,
} from '@muster/contracts/links/link-messages.js';
import { Loop } from '@muster/messaging/loop.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { judgeKey, newsOfKey, OLD_KEY_MILLISECONDS, withKey } from '@muster/replication/changed-keys.js';
import type { KnownSite } from '@muster/replication/hierarchy.repository.js';
import type { LinkKey } from '@muster/replication/site-signature.js';
import { SiteReplication } from '@muster/service/replication/site-replication.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import type { PolicyConfig } from '../config.js';
import { auditLinkKey } from './audit-link-key.js';
import { OwnLinkKey } from './link-key.js';
import { OwnPlace } from './own-place.js';
import { SiteRepository } from './site.repository.js';

const LOOK_MILLISECONDS = 2_000;
/** A neighbour that was restored from a backup has forgotten what it was told. */
const TELL_AGAIN_MILLISECONDS = 5 * 60_000;

const REFUSED = {
  'given-up': 'this key was given up before. Make a new one',
  'not-vouched':
    'the key by which the site is known there does not vouch for it. Join the two sites again with a new token',
};

/**
 * Tells neighbours of another link key of this site, and hears of theirs. A neighbour that is away is told when it is back: until then
 * messages to it are signed with the key that it knows. What is told can be told again at any time, whatever was lost on the way.
 */
@Injectable()
export class LinkKeyNews implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly loop: Loop;
  /** By neighbour, of this process's clock: when to tell it again what it has answered. */
  private readonly againAt = new Map<string, number>();

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(SiteRepository) private readonly sites: SiteRepository,
    @Inject(OwnPlace) private readonly place: OwnPlace,
    @Inject(OwnLinkKey) private readonly key: OwnLinkKey,
    @Inject(SiteReplication) private readonly replication: SiteReplication,
    @Inject(CONFIG) private readonly config: PolicyConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.loop = new Loop(
      () => this.tellAll(),
      LOOK_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot tell of the link key right now; trying again'),
    );
    replication.answersAlso((port) =>
      port.answer(
        'link-key',
        linkKeyQuestionSchema,
        (question, asker) => this.hear(question, asker.code),
        // Whoever tells of a key has it; whether it counts is for the one that is known to say.
        (_asker, { body }) => [linkKeyQuestionSchema.parse(JSON.parse(Buffer.from(body).toString('utf8'))).publicKey],
      ),
    );
  }

  onApplicationBootstrap(): void {
    if (this.key.ifAny?.former.length) this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
  }

  private async tellAll(): Promise<void> {
    const due = (this.replication.hierarchy?.neighbours ?? []).filter(
      ({ code }) => (this.againAt.get(code) ?? 0) <= performance.now(),
    );
    await Promise.all(due.map((site) => this.tell(site, this.key.required)));
  }

  private async tell(site: KnownSite, key: LinkKey): Promise<void> {
    try {
      const news = newsOfKey(key, this.config.MUSTER_SITE);
      const answer = await this.replication.port?.ask(site, 'link-key', news, linkKeyAnswerSchema, undefined, key);
      if (!answer) return;
      this.againAt.set(site.code, performance.now() + TELL_AGAIN_MILLISECONDS);
      if (answer.refused === null) await this.keepKnown(site.code, key.publicKey.x);
      else
        this.logger.error(
          { code: 'hierarchy.link-key-refused', peer: site.code },
          `site ${site.code} does not take the link key of this site: ${answer.refused}`,
        );
    } catch (error) {
      // One that is away, or of a release that knows no other key, is told when it can hear.
      if (!(error instanceof MusterError)) throw error;
      this.logger.debug({ err: error, peer: site.code }, 'a neighbour does not hear of the link key yet');
    }
  }

  private async keepKnown(code: string, x: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      await this.sites.takeTurn(tx);
      const site = await this.sites.find(tx, code);
      if (site && site.knowsKey !== x) await this.place.save(tx, { ...site, knowsKey: x });
    });
  }

  private async hear(news: LinkKeyQuestion, code: string): Promise<string> {
    return this.database.transaction(async (tx) => {
      await this.sites.takeTurn(tx);
      const site = await this.sites.find(tx, code);
      const judged = site?.publicKey && !site.revoked ? judgeKey(code, site, news) : 'not-vouched';
      if (site?.publicKey && judged === 'new') {
        const until = new Date(Date.now() + OLD_KEY_MILLISECONDS);
        await this.place.save(tx, { ...site, ...withKey(site, news.publicKey, until) });
        await auditLinkKey(tx, code, news.publicKey, site.publicKey);
      }
      return JSON.stringify({ refused: judged === 'new' || judged === 'known' ? null : REFUSED[judged] });
    });
  }
}
