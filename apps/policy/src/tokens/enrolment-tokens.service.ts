import { Inject, Injectable } from '@nestjs/common';
import type {
  enrolmentTokenListSchema,
  enrolmentTokenRequestSchema,
  enrolmentTokenResponseSchema,
} from '@muster/contracts/agent/enrolment.js';
import { Database } from '@muster/persistence/database.js';
import { audit } from '@muster/persistence/audit.js';
import { currentTraceId } from '@muster/platform/trace.js';
import { MusterError } from '@muster/platform/errors.js';
import { CONFIG } from '@muster/service/tokens.js';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { PolicyConfig } from '../config.js';
import { SiteRepository } from '../hierarchy/site.repository.js';
import { SiteKey } from '../site-key/site-key.js';
import { storableText } from '../storable.js';
import { type Approval, EnrolmentTokenRepository, type StoredEnrolmentToken } from './enrolment-token.repository.js';
import { randomSecret, sha256Hex } from './secret.js';

type ListedToken = z.infer<typeof enrolmentTokenListSchema>['items'][number];

const DEFAULT_MINUTES = 60;

/** Makes, lists and ends the tokens with which computers enrol. */
@Injectable()
export class EnrolmentTokens {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(EnrolmentTokenRepository) private readonly tokens: EnrolmentTokenRepository,
    @Inject(SiteKey) private readonly siteKey: SiteKey,
    @Inject(SiteRepository) private readonly sites: SiteRepository,
    @Inject(CONFIG) private readonly config: PolicyConfig,
  ) {}

  /**
   * The token carries the thumbprint of the site's key, so that the agent knows the site at first contact.
   * @throws MusterError `enrolment.at-primary`
   */
  async create(
    request: z.infer<typeof enrolmentTokenRequestSchema>,
    createdBy: string,
  ): Promise<z.infer<typeof enrolmentTokenResponseSchema>> {
    const own = await this.sites.find(this.database, this.config.MUSTER_SITE);
    if (own?.kind === 'secondary')
      throw new MusterError(
        'conflict',
        'enrolment.at-primary',
        `Computers here are devices of the primary site${own.parent === null ? '' : ` ${own.parent}`}: make the token there, and enrol with --server of this site`,
      );
    const uid = uuidv7();
    const token = `mse_${randomSecret()}.${this.siteKey.thumbprint}`;
    const expiresAt = new Date(Date.now() + (request.validMinutes ?? DEFAULT_MINUTES) * 60_000);
    const maxUses = request.maxUses ?? 1;
    const approval = request.approval ?? 'automatic';
    const unknownComputers = request.unknownComputers ?? false;
    await this.database.transaction(async (tx) => {
      await audit(tx, {
        ...deedOn(uid),
        actor: createdBy,
        action: 'created',
        details: { maxUses, approval, unknownComputers },
      });
      await this.tokens.add(tx, {
        uid,
        sha256: sha256Hex(token),
        description: request.description === undefined ? null : storableText(request.description),
        createdBy,
        expiresAt,
        maxUses,
        approval,
        unknownComputers,
      });
    });
    return {
      uid,
      token,
      expiresAt: expiresAt.toISOString(),
      maxUses,
      approval: this.approvalOf({ approval }),
      unknownComputers,
    };
  }

  /** What becomes of computers that enrol with a token, at this site. */
  approvalOf({ approval }: { approval: Approval }): Approval {
    const site = this.config.MUSTER_ENROLMENT_APPROVAL;
    return site === 'token' ? approval : site;
  }

  async list(): Promise<ListedToken[]> {
    return (await this.tokens.list(this.database)).map((token) => this.listed(token));
  }

  /**
   * Ends a token at once; devices that enrolled with it stay. Revoking it again changes nothing.
   *
   * @throws MusterError `enrolment-token.not-found`
   */
  async revoke(uid: string, actor: string): Promise<ListedToken> {
    const revoked = await this.database.transaction(async (tx) => {
      const token = await this.tokens.revoke(tx, uid);
      if (token) await audit(tx, { ...deedOn(uid), actor, action: 'revoked' });
      return token;
    });
    if (revoked) return this.listed(revoked);
    throw new MusterError(
      'not-found',
      'enrolment-token.not-found',
      `There is no enrolment token ${uid}. List them for their uids`,
    );
  }

  private listed(token: StoredEnrolmentToken): ListedToken {
    const { uid, description, createdBy, maxUses, uses } = token;
    return {
      uid,
      description,
      createdBy,
      createdAt: token.createdAt.toISOString(),
      expiresAt: token.expiresAt.toISOString(),
      maxUses,
      uses,
      lastUsedAt: token.usedAt?.toISOString() ?? null,
      approval: this.approvalOf(token),
      unknownComputers: token.unknownComputers,
      revokedAt: token.revokedAt?.toISOString() ?? null,
    };
  }
}

/** An enrolment token has no name but its uid. */
function deedOn(uid: string) {
  return { kind: 'EnrolmentToken', name: uid, uid, correlationId: currentTraceId() };
}
