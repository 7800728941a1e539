import { Inject, Injectable } from '@nestjs/common';
import {
  ENROLMENT_TOKEN_PATTERN,
  type enrolmentRequestSchema,
  type enrolmentResponseSchema,
} from '@muster/contracts/agent/enrolment.js';
import { firmwareOf, hardwareOfFacts } from '@muster/contracts/kinds/hardware-identity.js';
import { deviceEnrolled } from '@muster/contracts/events/device-enrolled.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { MusterError } from '@muster/platform/errors.js';
import { CONFIG } from '@muster/service/tokens.js';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { PolicyConfig } from '../config.js';
import { DeviceRepository, type StoredDevice } from '../devices/device.repository.js';
import { SiteKey, thumbprintOf } from '../site-key/site-key.js';
import { storable } from '../storable.js';
import { EnrolmentTokenRepository, type StoredEnrolmentToken } from '../tokens/enrolment-token.repository.js';
import { EnrolmentTokens } from '../tokens/enrolment-tokens.service.js';
import { sha256Hex } from '../tokens/secret.js';
import { checkEnrolmentProof } from './enrolment-proof.js';

type EnrolmentRequest = z.infer<typeof enrolmentRequestSchema>;
type EnrolmentResponse = z.infer<typeof enrolmentResponseSchema>;

/** Makes devices out of computers that hold a token and a key pair of their own. */
@Injectable()
export class Enrolments {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(EnrolmentTokenRepository) private readonly tokens: EnrolmentTokenRepository,
    @Inject(EnrolmentTokens) private readonly approvals: EnrolmentTokens,
    @Inject(DeviceRepository) private readonly devices: DeviceRepository,
    @Inject(SiteKey) private readonly siteKey: SiteKey,
    @Inject(CONFIG) private readonly config: PolicyConfig,
  ) {}

  /**
   * Uses the token up. The same key with the same token gets the same answer while the token lives: an answer that was
   * lost on the way can be asked for again.
   *
   * @throws MusterError `enrolment.other-site`, `.unknown-token`, `.expired-token`, `.revoked-token`,
   *   `.used-token`, `.wrong-proof`
   */
  async enrol(request: EnrolmentRequest): Promise<EnrolmentResponse> {
    this.checkForm(request.token);
    await checkEnrolmentProof(request);
    const device = await this.database.transaction(async (tx) => {
      const token = await this.tokens.findForUpdate(tx, sha256Hex(request.token));
      if (!token) throw refused('unknown-token', 'This enrolment token is unknown here. Ask for a new one');
      if (token.expiresAt.getTime() <= Date.now())
        throw refused(
          'expired-token',
          `This enrolment token expired at ${token.expiresAt.toISOString()}. Ask for a new one`,
        );
      if (token.revokedAt !== null)
        throw refused(
          'revoked-token',
          `This enrolment token was revoked at ${token.revokedAt.toISOString()}. Ask for a new one`,
        );
      const before = await this.devices.findByToken(tx, token.uid, thumbprintOf(request.publicKey));
      if (before) return before;
      if (token.uses >= token.maxUses)
        throw refused(
          'used-token',
          token.maxUses === 1
            ? 'This enrolment token was used by a computer already; it is good once. Ask for a new one'
            : `This enrolment token was used by ${token.uses} computers already, as many as it is good for. Ask for a new one`,
        );
      return this.add(tx, token, request);
    });
    return {
      deviceUid: device.uid,
      site: this.config.MUSTER_SITE,
      signingKey: this.siteKey.publicKey,
      access: device.state === 'pending' ? 'pending' : 'approved',
    };
  }

  private checkForm(token: string): void {
    const thumbprint = ENROLMENT_TOKEN_PATTERN.exec(token)?.[2];
    if (thumbprint === undefined)
      throw refused('unknown-token', 'This is not an enrolment token: mse_<43 characters>.<43 characters> is expected');
    if (thumbprint !== this.siteKey.thumbprint)
      throw refused(
        'other-site',
        `This enrolment token was made by another site than ${this.config.MUSTER_SITE}, or for a signing key that is no longer used`,
      );
  }

  private async add(
    tx: Transaction,
    token: StoredEnrolmentToken,
    request: EnrolmentRequest,
  ): Promise<Pick<StoredDevice, 'uid' | 'state'>> {
    const uid = uuidv7();
    const thumbprint = thumbprintOf(request.publicKey);
    const { name, publicKey } = request;
    const hardware = firmwareOf(hardwareOfFacts(request.facts));
    const pending = this.approvals.approvalOf(token) === 'manual';
    const { unknownComputers } = token;
    // Whether the site has a record of it is for the deployment service to say, which then decides about its access.
    const state = pending && !unknownComputers ? 'pending' : 'enrolled';
    const enrolledAt = await this.devices.add(tx, {
      uid,
      name,
      publicKey,
      thumbprint,
      state,
      tokenUid: token.uid,
      hardware,
    });
    await this.tokens.countUse(tx, token.uid, uid);
    await this.outbox.add(tx, deviceEnrolled, {
      deviceUid: uid,
      name,
      keyThumbprint: thumbprint,
      enrolledAt: enrolledAt.toISOString(),
      facts: storable(request.facts),
      access: {
        state: pending ? 'pending' : 'approved',
        by: token.createdBy,
        ...(unknownComputers ? { unknownComputers } : {}),
      },
    });
    return { uid, state };
  }
}

function refused(code: string, message: string): MusterError {
  return new MusterError('unauthenticated', `enrolment.${code}`, message);
}
