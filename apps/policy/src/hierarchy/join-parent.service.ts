import { Inject, Injectable } from '@nestjs/common';
import { JOIN_TOKEN_PATTERN, type JoinAnswer } from '@muster/contracts/hierarchy/joining.js';
import type { HierarchySiteRecord } from '@muster/contracts/hierarchy/site.js';
import { isAtOrBelow, placeProblem } from '@muster/hierarchy/sites.js';
import { audit } from '@muster/persistence/audit.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { currentTraceId } from '@muster/platform/trace.js';
import { sealingKeyId } from '@muster/service/sealing/seal.js';
import { SiteSealing } from '../sealing/site-sealing.js';
import { thumbprintOf } from '../site-key/site-key.js';
import { auditLinkKey } from './audit-link-key.js';
import { BusLinks } from './bus-links.js';
import { checkJoinAnswer, signJoinRequest } from './join-proof.js';
import { OwnLinkKey } from './link-key.js';
import { OwnPlace } from './own-place.js';
import { knock, parentAddress } from './parent-door.js';
import { SiteRepository } from './site.repository.js';

/** Takes this site below another one. */
@Injectable()
export class JoinParent {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(SiteRepository) private readonly sites: SiteRepository,
    @Inject(OwnPlace) private readonly place: OwnPlace,
    @Inject(OwnLinkKey) private readonly key: OwnLinkKey,
    @Inject(SiteSealing) private readonly sealing: SiteSealing,
    @Inject(BusLinks) private readonly bus: BusLinks,
  ) {}

  /**
   * Asks the parent, and writes down what it answers. Doing it again with the same token is harmless, whatever was lost on the way.
   *
   * @throws MusterError `hierarchy.parent-address`, `.bad-token`, `.has-parent`, `.parent-unreachable`, `.other-parent`, or what
   *   the parent refuses with
   */
  async join(wish: { parent: string; token: string }, actor: string): Promise<HierarchySiteRecord> {
    const address = parentAddress(wish.parent);
    const thumbprint = JOIN_TOKEN_PATTERN.exec(wish.token)?.[2];
    if (thumbprint === undefined)
      throw new MusterError(
        'invalid',
        'hierarchy.bad-token',
        'This is not a join token: msj_<43 characters>.<43 characters> is expected, from "muster hierarchy token create" at the parent',
      );
    const own = await this.place.read(this.database);
    const sites = await this.sites.list(this.database);
    const parent = sites.find(({ code }) => code === own.parent);
    // The parent that it has, by its key or its address, says itself what is wrong with a token.
    const named = parent?.publicKey && thumbprintOf(parent.publicKey) === thumbprint;
    if (parent && !named && address.origin !== (await this.sites.parentAddress(this.database)))
      throw hasParent(own, 'and neither this token nor this address is of it');
    const key = parent ? this.key.required.knownAs(parent.knowsKey) : this.key.required;
    const places = new Map(sites.map((site) => [site.code, { ...site, parent: site.parent ?? undefined }]));
    const below = sites
      .filter(({ code, revoked }) => code !== own.code && !revoked && isAtOrBelow(code, own.code, places))
      .map(({ code, kind, parent }) => ({ code, kind, parent }));
    const { code, kind } = own;
    const claims = { code, kind, publicKey: key.publicKey, sealingKey: sealingKeyId(this.sealing.publicKey), below };
    const received = await knock(address, signJoinRequest(claims, wish.token, key));
    const answer = checkJoinAnswer(received, wish.token, thumbprint);
    const joined = await this.database.transaction((tx) =>
      this.keep(tx, answer, { address: address.origin, knowsKey: key.publicKey.x }, actor),
    );
    await this.bus.write();
    return joined;
  }

  private async keep(
    tx: Transaction,
    { parent, sites, leaf }: JoinAnswer,
    { address, knowsKey }: { address: string; knowsKey: string },
    actor: string,
  ): Promise<HierarchySiteRecord> {
    await this.sites.takeTurn(tx);
    const own = await this.place.read(tx);
    const known = await this.sites.list(tx);
    if (own.parent !== null && own.parent !== parent.code) throw hasParent(own, `and ${parent.code} is another site`);
    const problem = placeProblem({ ...own, parent: parent.code }, { ...parent, parent: parent.parent ?? undefined });
    if (problem || parent.code === own.code)
      throw new MusterError(
        'conflict',
        'hierarchy.wrong-place',
        `${own.code} cannot be below ${parent.code}: ${problem ?? 'it is itself'}`,
      );
    const joined = { ...own, parent: parent.code };
    if (own.parent === null) {
      await this.place.save(tx, joined);
      await audit(tx, {
        actor,
        action: 'joined',
        kind: 'Site',
        name: own.code,
        details: { parent: parent.code },
        correlationId: currentTraceId(),
      });
    }
    await this.place.save(tx, { ...parent, revoked: false, knowsKey });
    const before = known.find(({ code }) => code === parent.code);
    await auditLinkKey(tx, parent.code, parent.publicKey, before?.publicKey, actor);
    const here = new Set(known.map(({ code }) => code));
    for (const site of sites)
      if (site.code !== own.code && !here.has(site.code))
        await this.place.save(tx, { ...site, publicKey: null, revoked: false });
    await this.sites.saveParent(tx, { leaf, address });
    return joined;
  }
}

/** A site has one parent, for ever; the same one may be joined again. */
function hasParent({ code, parent }: HierarchySiteRecord, why: string): MusterError {
  return new MusterError(
    'conflict',
    'hierarchy.has-parent',
    `${code} is below ${parent} already, ${why}. A site has one parent, for ever`,
  );
}
