import { Inject, Injectable } from '@nestjs/common';
import {
  JOIN_TOKEN_PATTERN,
  type JoinAnswer,
  type JoinClaims,
  type JoinRequest,
} from '@muster/contracts/hierarchy/joining.js';
import type { HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import { audit } from '@muster/persistence/audit.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { currentTraceId } from '@muster/platform/trace.js';
import { sealingKeyId } from '@muster/service/sealing/seal.js';
import { SiteSealing } from '../sealing/site-sealing.js';
import { thumbprintOf } from '../site-key/site-key.js';
import { sha256Hex } from '../tokens/secret.js';
import { BusLinks } from './bus-links.js';
import { checkJoinRequest, signJoinAnswer } from './join-proof.js';
import { JoinTokenRepository } from './join-token.repository.js';
import { judgeJoin } from './judge-join.js';
import { LeafPasswords } from './leaf-passwords.js';
import { OwnLinkKey } from './link-key.js';
import { OwnPlace } from './own-place.js';
import { ReplicatedSite } from './replicated-site.js';
import { SiteRepository } from './site.repository.js';

/** Lets sites in below this one, and puts them out. */
@Injectable()
export class Admissions {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(SiteRepository) private readonly sites: SiteRepository,
    @Inject(JoinTokenRepository) private readonly tokens: JoinTokenRepository,
    @Inject(OwnPlace) private readonly place: OwnPlace,
    @Inject(OwnLinkKey) private readonly key: OwnLinkKey,
    @Inject(SiteSealing) private readonly sealing: SiteSealing,
    @Inject(LeafPasswords) private readonly passwords: LeafPasswords,
    @Inject(BusLinks) private readonly bus: BusLinks,
    @Inject(ReplicatedSite) private readonly told: ReplicatedSite,
  ) {}

  /**
   * Uses a token up. The same key with the same token gets the same answer again: one that was lost can be asked for.
   *
   * @throws MusterError `hierarchy.wrong-proof`, and what `judgeJoin` refuses with
   */
  async admit(request: JoinRequest): Promise<JoinAnswer> {
    const { token } = request;
    const claims = checkJoinRequest(request);
    const thumbprint = thumbprintOf(claims.publicKey);
    const answer = await this.database.transaction(async (tx) => {
      await this.sites.takeTurn(tx);
      const own = await this.place.read(tx);
      const stored = await this.tokens.findForUpdate(tx, sha256Hex(token));
      const judged = judgeJoin({
        token: stored,
        claims,
        thumbprint,
        outdated: JOIN_TOKEN_PATTERN.exec(token)?.[2] !== thumbprintOf(this.key.required.publicKey),
        own,
        sites: await this.sites.list(tx),
        sealingKey: sealingKeyId(this.sealing.publicKey),
        now: new Date(),
      });
      if (typeof judged === 'object') throw new MusterError(judged.category, judged.code, judged.message);
      if (judged === 'admit' && stored) await this.add(tx, own, claims, { uid: stored.uid, thumbprint });
      return this.answer(tx, own, claims);
    });
    await this.bus.write();
    return signJoinAnswer(answer, token, this.key.required);
  }

  /**
   * Puts a site out: what it sends is refused from now on, and its bus is let go. It goes on alone; what it wrote before stays here.
   *
   * @throws MusterError `hierarchy.no-such-site`, `hierarchy.not-below`
   */
  async revoke(code: string, actor: string): Promise<HierarchySiteRecord> {
    const revoked = await this.database.transaction(async (tx) => {
      await this.sites.takeTurn(tx);
      const own = await this.place.read(tx);
      const site = await this.sites.find(tx, code);
      if (!site)
        throw new MusterError(
          'not-found',
          'hierarchy.no-such-site',
          `There is no site ${code} here. "muster hierarchy sites" shows them`,
        );
      if (site.parent !== own.code)
        throw new MusterError(
          'conflict',
          'hierarchy.not-below',
          `Only the site above a site revokes it: ${code} is not right below ${own.code}`,
        );
      if (site.revoked) return site;
      const after = { ...site, revoked: true };
      await this.place.save(tx, after);
      await this.told.record(tx, after);
      await audit(tx, { ...deedOn(code), actor, action: 'revoked' });
      return after;
    });
    await this.bus.write();
    return revoked;
  }

  private async add(
    tx: Transaction,
    own: HierarchySiteRecord,
    { code, kind, publicKey, below }: JoinClaims,
    by: { uid: string; thumbprint: string },
  ): Promise<void> {
    await this.tokens.use(tx, by.uid, by.thumbprint);
    const knowsKey = this.key.required.publicKey.x;
    const site = { code, kind, parent: own.code, publicKey, revoked: false, knowsKey };
    await this.place.save(tx, site);
    await this.told.record(tx, site);
    for (const site of below) await this.place.save(tx, { ...site, publicKey: null, revoked: false });
    await audit(tx, { ...deedOn(code), actor: `site:${code}`, action: 'joined', details: { siteKind: kind } });
  }

  private async answer(
    tx: Transaction,
    own: HierarchySiteRecord,
    { code }: JoinClaims,
  ): Promise<Omit<JoinAnswer, 'signature'>> {
    const others = (await this.sites.list(tx)).filter(
      (site) => site.code !== own.code && site.code !== code && !site.revoked,
    );
    const { code: here, kind, parent, revoked } = own;
    return {
      parent: { code: here, kind, parent, publicKey: this.key.required.publicKey, revoked },
      sites: others.map((site) => ({ code: site.code, kind: site.kind, parent: site.parent })),
      leaf: await this.passwords.connection(tx, code),
    };
  }
}

function deedOn(code: string) {
  return { kind: 'Site', name: code, correlationId: currentTraceId() };
}
