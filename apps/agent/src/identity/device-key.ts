import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type PublicKey, publicKeySchema } from '@muster/contracts/agent/enrolment.js';
import { calculateJwkThumbprint } from 'jose';
import { reasonOf } from '../journal/journal-error.js';
import { AgentError } from './agent-error.js';
import { readIfPresent, replaceFile } from './durable-files.js';

/** The key pair that this computer proves; the private half never leaves it. */
export interface DeviceKey {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicKey;
  /** RFC 7638. */
  readonly thumbprint: string;
}

/**
 * Reads the key of `path`, or makes one and stores it durably (PKCS8, 0600).
 * @throws AgentError `agent.key-invalid`
 */
export async function ensureDeviceKey(path: string): Promise<DeviceKey> {
  const existing = await readDeviceKey(path);
  if (existing) return existing;
  const { privateKey } = generateKeyPairSync('ed25519');
  replaceFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return toDeviceKey(privateKey);
}

/**
 * The key of `path`; undefined when there is no such file.
 * @throws AgentError `agent.key-invalid`
 */
export async function readDeviceKey(path: string): Promise<DeviceKey | undefined> {
  try {
    const pem = readIfPresent(path);
    return pem === undefined ? undefined : await toDeviceKey(createPrivateKey(pem));
  } catch (error) {
    throw new AgentError(
      'agent.key-invalid',
      `${path} holds no Ed25519 private key (${reasonOf(error)}): restore it, or enrol again with --force`,
      { cause: error },
    );
  }
}

async function toDeviceKey(privateKey: KeyObject): Promise<DeviceKey> {
  const { kty, crv, x } = createPublicKey(privateKey).export({ format: 'jwk' });
  const publicKey = publicKeySchema.parse({ kty, crv, x });
  return { privateKey, publicKey, thumbprint: await calculateJwkThumbprint(publicKey) };
}
