import { Inject, Injectable } from '@nestjs/common';
import type { PublicKey } from '@muster/contracts/agent/enrolment.js';
import { keyOfferClaimsSchema, type KeyOffer } from '@muster/contracts/agent/keys.js';
import { Database } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { compactVerify, importJWK } from 'jose';
import { DeviceRepository } from '../devices/device.repository.js';
import { thumbprintOf } from '../site-key/site-key.js';

/** Keeps the key that a device offers for the one that it has. An access token is not enough: both keys sign. */
@Injectable()
export class KeyOffers {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(DeviceRepository) private readonly devices: DeviceRepository,
  ) {}

  /** @throws MusterError `key.wrong-proof` (unauthenticated) */
  async take(deviceUid: string, { publicKey, proof, consent }: KeyOffer): Promise<void> {
    const device = await this.devices.find(this.database, deviceUid);
    const to = thumbprintOf(publicKey);
    // Proved already: the answer to that was lost.
    if (!device || device.thumbprint === to) return;
    const claims = { deviceUid, from: device.thumbprint, to };
    if (!(await says(proof, publicKey, claims))) throw wrongProof('proof', 'the new key');
    if (!(await says(consent, device.publicKey, claims))) throw wrongProof('consent', 'the key that counts');
    await this.devices.offerKey(this.database, deviceUid, device.thumbprint, { publicKey, thumbprint: to });
  }
}

async function says(
  jws: string,
  key: PublicKey,
  claims: { deviceUid: string; from: string; to: string },
): Promise<boolean> {
  try {
    const { payload } = await compactVerify(jws, await importJWK({ ...key, alg: 'EdDSA' }), { algorithms: ['EdDSA'] });
    const said = keyOfferClaimsSchema.parse(JSON.parse(new TextDecoder().decode(payload)));
    return said.deviceUid === claims.deviceUid && said.from === claims.from && said.to === claims.to;
  } catch {
    return false;
  }
}

function wrongProof(field: string, who: string): MusterError {
  return new MusterError(
    'unauthenticated',
    'key.wrong-proof',
    `"${field}" must be a compact JWS (EdDSA) by ${who} over {deviceUid, from, to}: this device, and the thumbprints of the key that counts and the new one`,
  );
}
