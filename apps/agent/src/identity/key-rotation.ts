import { existsSync, renameSync, rmSync } from 'node:fs';
import { CompactSign } from 'jose';
import type { KeyOffer } from '@muster/contracts/agent/keys.js';
import { type DeviceKey, ensureDeviceKey, readDeviceKey } from './device-key.js';
import { readIfPresent, replaceFile, syncFolder } from './durable-files.js';
import { ensureSealingKey, type SealingKeyPair } from './sealing-key.js';
import type { StateFolder } from './state-folder.js';

/** Both keys of this computer. */
export interface DeviceKeys {
  readonly key: DeviceKey;
  readonly sealing: SealingKeyPair;
}

/** The keys that are to replace those at hand, made durable before anybody hears of them; a crash finds them again. */
export async function ensureNextKeys(folder: StateFolder): Promise<DeviceKeys> {
  return { key: await ensureDeviceKey(folder.nextKey), sealing: ensureSealingKey(folder.nextSealingKey) };
}

/** Keys of a rotation that did not come to its end; undefined: there is none. */
export async function readNextKeys(folder: StateFolder): Promise<DeviceKeys | undefined> {
  const key = await readDeviceKey(folder.nextKey);
  if (!key) return undefined;
  // The sealing key is put in its place first: where it is gone from here, it is there.
  const path = existsSync(folder.nextSealingKey) ? folder.nextSealingKey : folder.sealingKey;
  return { key, sealing: ensureSealingKey(path) };
}

/**
 * The new key was proved to the site: it takes the place of the old one. The key comes last, so that a crash in between
 * leaves a new key beside the old one, which the next session finds.
 */
export function promoteNextKeys(folder: StateFolder): void {
  if (existsSync(folder.nextSealingKey)) renameSync(folder.nextSealingKey, folder.sealingKey);
  syncFolder(folder.root);
  if (existsSync(folder.nextKey)) renameSync(folder.nextKey, folder.key);
  syncFolder(folder.root);
  rmSync(folder.rotationWish, { force: true });
}

/** What the site is sent: both keys sign for the exchange. */
export async function offerOf(deviceUid: string, current: DeviceKey, next: DeviceKey): Promise<KeyOffer> {
  const claims = Buffer.from(JSON.stringify({ deviceUid, from: current.thumbprint, to: next.thumbprint }));
  const sign = (key: DeviceKey): Promise<string> =>
    new CompactSign(claims).setProtectedHeader({ alg: 'EdDSA', kid: key.thumbprint }).sign(key.privateKey);
  return { publicKey: next.publicKey, proof: await sign(next), consent: await sign(current) };
}

/** Somebody at this computer wants its key replaced, since then. */
export function askForRotation(folder: StateFolder, now: number): void {
  if (!isRotationWished(folder)) replaceFile(folder.rotationWish, new Date(now).toISOString());
}

/** True while that wish is open. */
export function isRotationWished(folder: StateFolder): boolean {
  return readIfPresent(folder.rotationWish) !== undefined;
}
