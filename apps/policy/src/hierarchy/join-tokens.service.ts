import { Inject, Injectable } from '@nestjs/common';
import type {
  joinTokenRequestSchema,
  joinTokenResponseSchema,
  joinTokenSchema,
} from '@muster/contracts/hierarchy/joining.js';
import { placeProblem } from '@muster/hierarchy/sites.js';
import { audit } from '@muster/persistence/audit.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { currentTraceId } from '@muster/platform/trace.js';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import { thumbprintOf } from '../site-key/site-key.js';
import { randomSecret, sha256Hex } from '../tokens/secret.js';
import { JoinTokenRepository, type StoredJoinToken } from './join-token.repository.js';
import { OwnLinkKey } from './link-key.js';
import { OwnPlace } from './own-place.js';
import { SiteRepository } from './site.repository.js';

type JoinToken = z.infer<typeof joinTokenSchema>;

const DEFAULT_MINUTES = 60;

/** Makes, lists and ends the tokens with which sites join below this one. */
@Injectable()
export class JoinTokens {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(JoinTokenRepository) private readonly tokens: JoinTokenRepository,
    @Inject(SiteRepository) private readonly sites: SiteRepository,
    @Inject(OwnPlace) private readonly place: OwnPlace,
    @Inject(OwnLinkKey) private readonly key: OwnLinkKey,
  ) {}

  /**
   * The token carries the thumbprint of this site's link key, so that the child knows this site at first contact.
   *
   * @throws MusterError `hierarchy.wrong-place`, `.code-in-use`, `.no-link-key`
   */
  async create(
    { code, kind, validMinutes }: z.infer<typeof joinTokenRequestSchema>,
    createdBy: string,
  ): Promise<z.infer<typeof joinTokenResponseSchema>> {
    const uid = uuidv7();
    const token = `msj_${randomSecret()}.${thumbprintOf(this.key.required.publicKey)}`;
    const expiresAt = new Date(Date.now() + (validMinutes ?? DEFAULT_MINUTES) * 60_000);
    await this.database.transaction(async (tx) => {
      const own = await this.place.read(tx);
      const problem = placeProblem({ code, kind, parent: own.code }, { ...own, parent: own.parent ?? undefined });
      if (problem) throw new MusterError('conflict', 'hierarchy.wrong-place', `${code} cannot join here: ${problem}`);
      const known = await this.sites.find(tx, code);
      if (known && known.parent !== own.code)
        throw new MusterError(
          'conflict',
          'hierarchy.code-in-use',
          `There is a site ${code} elsewhere in this hierarchy. Codes are for ever: choose another`,
        );
      await audit(tx, { ...deedOn(uid), actor: createdBy, action: 'created', details: { site: code, siteKind: kind } });
      await this.tokens.add(tx, { uid, sha256: sha256Hex(token), code, kind, createdBy, expiresAt });
    });
    return { uid, token, code, kind, expiresAt: expiresAt.toISOString() };
  }

  async list(): Promise<JoinToken[]> {
    return (await this.tokens.list(this.database)).map(listed);
  }

  /**
   * Ends a token at once; a site that joined with it stays. Revoking it again changes nothing.
   *
   * @throws MusterError `hierarchy.no-such-token`
   */
  async revoke(uid: string, actor: string): Promise<JoinToken> {
    const revoked = await this.database.transaction(async (tx) => {
      const token = await this.tokens.revoke(tx, uid);
      if (token) await audit(tx, { ...deedOn(uid), actor, action: 'revoked' });
      return token;
    });
    if (revoked) return listed(revoked);
    throw new MusterError(
      'not-found',
      'hierarchy.no-such-token',
      `There is no join token ${uid}. "muster hierarchy token list" shows them`,
    );
  }
}

function listed({ uid, code, kind, createdBy, ...token }: StoredJoinToken): JoinToken {
  return {
    uid,
    code,
    kind,
    createdBy,
    createdAt: token.createdAt.toISOString(),
    expiresAt: token.expiresAt.toISOString(),
    usedAt: token.usedAt?.toISOString() ?? null,
    revokedAt: token.revokedAt?.toISOString() ?? null,
  };
}

/** A join token has no name but its uid. */
function deedOn(uid: string) {
  return { kind: 'JoinToken', name: uid, uid, correlationId: currentTraceId() };
}
