import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { apiTokenChanged } from '@muster/contracts/events/api-token-changed.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { audit } from '@muster/persistence/audit.js';
import { currentTraceId } from '@muster/platform/trace.js';
import { MusterError } from '@muster/platform/errors.js';
import { CONFIG, LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import type { PolicyConfig } from '../config.js';
import { IssuedApiTokenRepository, toRecord, type StoredApiToken } from './api-token.repository.js';
import { randomSecret, sha256Hex } from './secret.js';

const DEFAULT_DAYS = 365;
const MILLISECONDS_PER_DAY = 86_400_000;

/** Makes and revokes the tokens of people and programs. Every change is a fact, so that each service can authenticate alone. */
@Injectable()
export class ApiTokens implements OnModuleInit {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(IssuedApiTokenRepository) private readonly tokens: IssuedApiTokenRepository,
    @Inject(CONFIG) private readonly config: PolicyConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The first administrator's token comes with the configuration, as a hash. */
  async onModuleInit(): Promise<void> {
    const sha256 = this.config.MUSTER_ADMIN_TOKEN_SHA256;
    if (sha256 === undefined) return;
    const revoked = await this.database.transaction(async (tx) => {
      await this.tokens.lockBootstrap(tx);
      if (await this.tokens.existsWithHash(tx, sha256)) return [];
      const before = await this.tokens.revokeBootstrap(tx);
      for (const token of before) await this.outbox.add(tx, apiTokenChanged, toRecord(token));
      const token = await this.tokens.add(tx, {
        uid: uuidv7(),
        name: 'admin',
        sha256,
        expiresAt: null,
        bootstrap: true,
      });
      await this.outbox.add(tx, apiTokenChanged, toRecord(token));
      return before;
    });
    for (const { uid } of revoked) this.logger.info({ uid }, 'revoked the admin token of an earlier configuration');
  }

  /** The token itself is in the answer and nowhere else. */
  async create(
    request: {
      name: string;
      validDays?: number | undefined;
    },
    actor: string,
  ): Promise<{ stored: StoredApiToken; token: string }> {
    const token = `muster_${randomSecret()}`;
    const expiresAt = new Date(Date.now() + (request.validDays ?? DEFAULT_DAYS) * MILLISECONDS_PER_DAY);
    const stored = await this.database.transaction(async (tx) => {
      const row = await this.tokens.add(tx, {
        uid: uuidv7(),
        name: request.name,
        sha256: sha256Hex(token),
        expiresAt,
        bootstrap: false,
      });
      await audit(tx, { ...deedOn(row), actor, action: 'created' });
      await this.outbox.add(tx, apiTokenChanged, toRecord(row));
      return row;
    });
    return { stored, token };
  }

  async list(): Promise<StoredApiToken[]> {
    return this.tokens.list(this.database);
  }

  /**
   * Ends a token, within seconds everywhere. Revoking it again changes nothing.
   *
   * @throws MusterError `api-token.not-found`
   */
  async revoke(uid: string, actor: string): Promise<StoredApiToken> {
    return this.database.transaction(async (tx) => {
      const current = await this.tokens.findForUpdate(tx, uid);
      if (current?.revokedAt) return current;
      const revoked = current ? await this.tokens.revoke(tx, uid) : undefined;
      if (!revoked) {
        throw new MusterError(
          'not-found',
          'api-token.not-found',
          `There is no API token ${uid}. List them for their uids`,
        );
      }
      await audit(tx, { ...deedOn(revoked), actor, action: 'revoked' });
      await this.outbox.add(tx, apiTokenChanged, toRecord(revoked));
      return revoked;
    });
  }
}

function deedOn({ uid, name }: StoredApiToken) {
  return { kind: 'ApiToken', name, uid, correlationId: currentTraceId() };
}
