import { Inject, Injectable } from '@nestjs/common';
import {
  ENROLMENT_TOKEN_PATTERN,
  type enrolmentRequestSchema,
  type enrolmentResponseSchema,
} from '@muster/contracts/agent/enrolment.js';
import { deviceEnrolled } from '@muster/contracts/events/device-enrolled.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { MusterError } from '@muster/platform/errors.js';
import { CONFIG } from '@muster/service/tokens.js';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { PolicyConfig } from '../config.js';
import { DeviceRepository } from '../devices/device.repository.js';
import { SiteKey, thumbprintOf } from '../site-key/site-key.js';
import { storable } from '../storable.js';
import { EnrolmentTokenRepository, type StoredEnrolmentToken } from '../tokens/enrolment-token.repository.js';
import { sha256Hex } from '../tokens/secret.js';
import { checkEnrolmentProof } from './enrolment-proof.js';

type EnrolmentRequest = z.infer<typeof enrolmentRequestSchema>;
type EnrolmentResponse = z.infer<typeof enrolmentResponseSchema>;

/** Makes devices out of computers that hold a one-time token and a key pair of their own. */
@Injectable()
export class Enrolments {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(EnrolmentTokenRepository) private readonly tokens: EnrolmentTokenRepository,
    @Inject(DeviceRepository) private readonly devices: DeviceRepository,
    @Inject(SiteKey) private readonly siteKey: SiteKey,
    @Inject(CONFIG) private readonly config: PolicyConfig,
  ) {}

  /**
   * Uses the token up. The same key with the same token gets the same answer while the token lives: an answer that was
   * lost on the way can be asked for again.
   *
   * @throws MusterError `enrolment.other-site`, `.unknown-token`, `.expired-token`, `.used-token`, `.wrong-proof`
   */
  async enrol(request: EnrolmentRequest): Promise<EnrolmentResponse> {
    this.checkForm(request.token);
    await checkEnrolmentProof(request);
    const deviceUid = await this.database.transaction(async (tx) => {
      const token = await this.tokens.findForUpdate(tx, sha256Hex(request.token));
      if (!token) throw refused('unknown-token', 'This enrolment token is unknown here. Ask for a new one');
      if (token.expiresAt.getTime() <= Date.now())
        throw refused(
          'expired-token',
          `This enrolment token expired at ${token.expiresAt.toISOString()}. Ask for a new one`,
        );
      if (token.usedAt !== null) return this.enrolledBefore(tx, token, request);
      return this.add(tx, token, request);
    });
    return { deviceUid, site: this.config.MUSTER_SITE, signingKey: this.siteKey.publicKey };
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

  private async enrolledBefore(
    tx: Transaction,
    token: StoredEnrolmentToken,
    request: EnrolmentRequest,
  ): Promise<string> {
    const device = token.deviceUid === null ? undefined : await this.devices.find(tx, token.deviceUid);
    if (device?.state !== 'enrolled' || device.thumbprint !== thumbprintOf(request.publicKey))
      throw refused(
        'used-token',
        'This enrolment token was used by a computer already; each is good once. Ask for a new one',
      );
    return device.uid;
  }

  private async add(tx: Transaction, token: StoredEnrolmentToken, request: EnrolmentRequest): Promise<string> {
    const uid = uuidv7();
    const thumbprint = thumbprintOf(request.publicKey);
    const { name, publicKey } = request;
    const enrolledAt = await this.devices.add(tx, { uid, name, publicKey, thumbprint });
    await this.tokens.markUsed(tx, token.uid, uid);
    await this.outbox.add(tx, deviceEnrolled, {
      deviceUid: uid,
      name,
      keyThumbprint: thumbprint,
      enrolledAt: enrolledAt.toISOString(),
      facts: storable(request.facts),
    });
    return uid;
  }
}

function refused(code: string, message: string): MusterError {
  return new MusterError('unauthenticated', `enrolment.${code}`, message);
}
