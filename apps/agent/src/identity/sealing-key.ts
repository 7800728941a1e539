import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type SealingKey, sealingKeySchema } from '@muster/contracts/sealing.js';
import { reasonOf } from '../journal/journal-error.js';
import { AgentError } from './agent-error.js';
import { readIfPresent, replaceFile } from './durable-files.js';

/** The key pair to which the site seals secrets for this computer; the private half never leaves it. */
export interface SealingKeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: SealingKey;
}

/**
 * Reads the key of `path`, or makes one and stores it durably (PKCS8, 0600). A lost key is no loss: the next session tells the
 * site the new one, and the next policy is sealed to it.
 * @throws AgentError `agent.key-invalid`
 */
export function ensureSealingKey(path: string): SealingKeyPair {
  const existing = readSealingKey(path);
  if (existing) return existing;
  const { privateKey } = generateKeyPairSync('x25519');
  replaceFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return toPair(privateKey);
}

/**
 * The key of `path`; undefined: there is none.
 * @throws AgentError `agent.key-invalid`
 */
export function readSealingKey(path: string): SealingKeyPair | undefined {
  const pem = readIfPresent(path);
  if (pem === undefined) return undefined;
  try {
    return toPair(createPrivateKey(pem));
  } catch (error) {
    throw new AgentError(
      'agent.key-invalid',
      `${path} holds no X25519 private key (${reasonOf(error)}): restore it, or remove it and a new one is made`,
      { cause: error },
    );
  }
}

function toPair(privateKey: KeyObject): SealingKeyPair {
  const { kty, crv, x } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { privateKey, publicKey: sealingKeySchema.parse({ kty, crv, x }) };
}
