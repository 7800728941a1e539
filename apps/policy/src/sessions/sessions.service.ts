import type { KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Batches } from '@muster/persistence/batches.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { RefusedCaller } from '@muster/service/refusals/refused-caller.js';
import { CONFIG } from '@muster/service/tokens.js';
import type { PolicyConfig } from '../config.js';
import { deviceCloned } from '@muster/contracts/events/device-cloned.js';
import { deviceKeyRotated } from '@muster/contracts/events/device-key-rotated.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { DeviceRepository, type StoredDevice } from '../devices/device.repository.js';
import { SiteKey } from '../site-key/site-key.js';
import { LiveState } from '../live/live-state.js';
import { storableText } from '../storable.js';
import { makeAccessToken } from './access-token.js';
import { sameJson } from '@muster/contracts/digest.js';
import type { SealingKey } from '@muster/contracts/sealing.js';
import { VariableSetRepository } from '../variables/variable-set.repository.js';
import { judgeClaims, judgeSealingKey, readAssertion, SKEW_SECONDS, verifyAssertion } from './assertion.js';
import { SessionRepository, type UsedAssertion } from './session.repository.js';
import { SESSION_PURPOSE } from './device-authenticator.js';
import { deviceRefused } from './device-refused.js';

const BATCHES = { atOnce: 2, most: 100, pauseMilliseconds: 20 };

/** Trades a proof of a device's key for an access token of some minutes. */
@Injectable()
export class Sessions {
  private readonly secret: KeyObject;
  /** A fleet that comes back opens its sessions in few statements. */
  private readonly lookUps = new Batches<string, StoredDevice | undefined>(
    (uids) => this.devices.findEach(this.database, uids),
    BATCHES,
  );
  private readonly uses = new Batches<UsedAssertion, boolean>(
    (assertions) => this.sessions.useAssertions(this.database, assertions),
    BATCHES,
  );

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(DeviceRepository) private readonly devices: DeviceRepository,
    @Inject(SessionRepository) private readonly sessions: SessionRepository,
    @Inject(VariableSetRepository) private readonly variables: VariableSetRepository,
    @Inject(LiveState) private readonly live: LiveState,
    @Inject(CONFIG) private readonly config: PolicyConfig,
    @Inject(SiteKey) siteKey: SiteKey,
  ) {
    this.secret = siteKey.deriveSecret(SESSION_PURPOSE);
  }

  /**
   * @throws MusterError `session.malformed-assertion`, `.unknown-device`, `.wrong-proof`, `.wrong-audience`,
   *   `.too-long`, `.clock-skew`, `.weak-sealing-key`, `.replayed` (unauthenticated), `.device-pending`, `.device-blocked`,
   *   `.device-deleted`, `.other-hardware` (forbidden)
   */
  async open(assertion: string): Promise<{ accessToken: string; expiresAt: string }> {
    const claims = readAssertion(assertion);
    const device = await this.lookUps.add(claims.iss);
    if (!device)
      throw new MusterError(
        'unauthenticated',
        'session.unknown-device',
        `There is no device ${claims.iss} here. Enrol it again`,
      );
    const proven = await this.verify(assertion, device);
    const now = new Date();
    judgeClaims(claims, this.config.MUSTER_SITE, now);
    if (device.state !== 'enrolled') throw deviceRefused(device.state, device.uid);
    await this.checkHardware(device, claims.hardware);
    const newKey = sameJson(claims.sealingKey ?? null, device.sealingKey) ? undefined : claims.sealingKey;
    if (newKey) judgeSealingKey(newKey);
    const forgetAt = new Date((claims.exp + SKEW_SECONDS + 1) * 1000);
    if (!(await this.uses.add({ deviceUid: device.uid, jti: storableText(claims.jti), expiresAt: forgetAt })))
      throw new MusterError(
        'unauthenticated',
        'session.replayed',
        'This assertion was used before. Make a new one, with a new jti',
      );
    if (proven === 'next') await this.promote(device);
    if (newKey) await this.sealTo(device.uid, newKey);
    const expiresAt = new Date(Math.floor(now.getTime() / 1000 + this.config.MUSTER_SESSION_MINUTES * 60) * 1000);
    return {
      accessToken: makeAccessToken(this.secret, this.config.MUSTER_SITE, device.uid, expiresAt),
      expiresAt: expiresAt.toISOString(),
    };
  }

  /** By which of its keys the device made the assertion. Throws MusterError `session.wrong-proof`: by none. */
  private async verify(assertion: string, { publicKey, nextPublicKey }: StoredDevice): Promise<'current' | 'next'> {
    try {
      await verifyAssertion(assertion, publicKey);
      return 'current';
    } catch (error) {
      if (nextPublicKey === null) throw error;
      await verifyAssertion(assertion, nextPublicKey);
      return 'next';
    }
  }

  /** The device has its new key, and can prove it: the old one is good no longer. */
  private async promote({ uid, nextPublicKey }: StoredDevice): Promise<void> {
    if (nextPublicKey === null) return;
    await this.database.transaction(async (tx) => {
      await this.live.lock(tx);
      const keyThumbprint = await this.devices.promoteKey(tx, uid, nextPublicKey);
      if (keyThumbprint === undefined) return;
      await this.outbox.add(tx, deviceKeyRotated, { deviceUid: uid, keyThumbprint, at: new Date().toISOString() });
      await this.live.policyChanges(tx, { devices: [uid] });
    });
  }

  /**
   * A key that was copied with the disk of its computer is refused on the other one: two computers under one name would run each other's
   * deployments. What a computer says of itself is believed: this is no defence against thieves.
   *
   * @throws MusterError `session.other-hardware`
   */
  private async checkHardware({ uid, hardware }: StoredDevice, told: string | undefined): Promise<void> {
    if (told === undefined || told === hardware) return;
    if (hardware === null) return this.devices.setHardware(this.database, uid, told);
    await this.database.transaction(async (tx) => {
      if (!(await this.devices.noteOtherHardware(tx, uid, told))) return;
      await this.outbox.add(tx, deviceCloned, { deviceUid: uid, hardware: told, at: new Date().toISOString() });
    });
    throw new RefusedCaller(
      'forbidden',
      'session.other-hardware',
      `This key belongs to the computer ${hardware}, this is ${told}: a copied disk. Enrol this computer again (muster-agent enrol --force), ` +
        'or approve the device at the site if its board was exchanged',
      `device:${uid}`,
    );
  }

  /** The device proved its key, and with it this one: secrets go to it from the next policy on. */
  private async sealTo(deviceUid: string, key: SealingKey): Promise<void> {
    await this.database.transaction(async (tx) => {
      // Hidden values that are saved at the same moment see this key, or are seen here.
      await this.live.lock(tx);
      if (!(await this.devices.setSealingKey(tx, deviceUid, key))) return;
      // Where nothing is hidden, no policy changes: a fleet that enrols must not forget everybody's tags.
      if (await this.variables.hasHidden(tx, deviceUid)) await this.live.policyChanges(tx, { devices: [deviceUid] });
    });
  }
}
