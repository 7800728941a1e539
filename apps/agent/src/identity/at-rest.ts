import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { AgentError } from './agent-error.js';

/** Texts that only this computer can read again, for files that others may get to see: backups, support. */
export interface AtRest {
  seal(text: string): string;
  /** @throws AgentError `policy.secrets-unreadable` */
  unseal(sealed: string): string;
}

/**
 * AES-256-GCM with a key that comes from the computer's private key; at once, because a journal is written at once.
 *
 * @param purpose what is sealed for one purpose cannot be opened for another
 */
export function atRest(privateKey: KeyObject, purpose: string): AtRest {
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' });
  const key = new Uint8Array(hkdfSync('sha256', seed, Buffer.alloc(0), `muster at rest ${purpose}`, 32));
  return {
    seal(text) {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const bytes = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return bytes.toString('base64url');
    },
    unseal(sealed) {
      try {
        const bytes = Buffer.from(sealed, 'base64url');
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
        decipher.setAuthTag(bytes.subarray(-16));
        return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
      } catch {
        throw new AgentError(
          'policy.secrets-unreadable',
          'what the journal has of secrets was sealed with another key of this computer: the run cannot be continued',
        );
      }
    },
  };
}
