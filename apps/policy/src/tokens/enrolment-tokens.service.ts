import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@muster/persistence/database.js';
import { v7 as uuidv7 } from 'uuid';
import { SiteKey } from '../site-key/site-key.js';
import { storableText } from '../storable.js';
import { EnrolmentTokenRepository } from './enrolment-token.repository.js';
import { randomSecret, sha256Hex } from './secret.js';

const DEFAULT_MINUTES = 60;

/** Makes one-time enrolment tokens. */
@Injectable()
export class EnrolmentTokens {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(EnrolmentTokenRepository) private readonly tokens: EnrolmentTokenRepository,
    @Inject(SiteKey) private readonly siteKey: SiteKey,
  ) {}

  /** The token carries the thumbprint of the site's key, so that the agent knows the site at first contact. */
  async create(
    request: { description?: string | undefined; validMinutes?: number | undefined },
    createdBy: string,
  ): Promise<{ uid: string; token: string; expiresAt: string }> {
    const uid = uuidv7();
    const token = `mse_${randomSecret()}.${this.siteKey.thumbprint}`;
    const expiresAt = new Date(Date.now() + (request.validMinutes ?? DEFAULT_MINUTES) * 60_000);
    await this.database.transaction((tx) =>
      this.tokens.add(tx, {
        uid,
        sha256: sha256Hex(token),
        description: request.description === undefined ? null : storableText(request.description),
        createdBy,
        expiresAt,
      }),
    );
    return { uid, token, expiresAt: expiresAt.toISOString() };
  }
}
