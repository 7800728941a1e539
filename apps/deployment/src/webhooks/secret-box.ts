import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ID_CHARACTERS = 12;

/** Keeps secrets that this service itself must use later, under a key that is not in the database. */
export class SecretBox {
  private readonly sealing: Buffer;
  private readonly naming: Buffer;

  /** @param key at least 32 random bytes */
  constructor(key: Buffer) {
    this.sealing = Buffer.from(hkdfSync('sha256', key, '', 'muster webhook secrets', 32));
    this.naming = Buffer.from(hkdfSync('sha256', key, '', 'muster webhook secret ids', 32));
  }

  /** @param owner whose secret it is: it can be opened for nobody else */
  seal(secret: string, owner: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.sealing, nonce).setAAD(Buffer.from(owner));
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url');
  }

  /** Throws what the library throws when the text was changed, is another owner's, or the key is another one. */
  open(sealed: string, owner: string): string {
    const bytes = Buffer.from(sealed, 'base64url');
    const decipher = createDecipheriv(ALGORITHM, this.sealing, bytes.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(owner)).setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }

  /** What a secret is called: equal for equal ones, and says nothing of it to whoever has not the key. */
  idOf(secret: string): string {
    return createHmac('sha256', this.naming).update(secret).digest('hex').slice(0, ID_CHARACTERS);
  }
}
