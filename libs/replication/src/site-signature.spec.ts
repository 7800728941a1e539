import { generateKeyPairSync } from 'node:crypto';
import { pullQuestionSchema } from '@muster/contracts/links/link-messages.js';
import { z } from 'zod';
import { LinkKey, openMessage } from './site-signature.js';

describe('a message between sites', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const key = new LinkKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const schema = z.object({ words: z.array(z.string()) });
  const words = Array.from({ length: 1_000 }, (_, n) => `word ${n % 10}`);
  const text = JSON.stringify({ words });

  it('says packed what it says unpacked, in a tenth of the bytes', () => {
    const plain = key.signText('pull answer', text);
    const packed = key.signText('pull answer', text, true);
    for (const message of [plain, packed])
      expect(openMessage(schema, 'pull answer', message, key.publicKey)).toEqual({ words });
    expect(packed.body.length * 10).toBeLessThan(plain.body.length);
  });

  it('is not unpacked when its signature is not that of the packed bytes', () => {
    const { body } = key.signText('pull answer', text, true);
    const { signature } = key.signText('pull answer', text);
    const open = () => openMessage(schema, 'pull answer', { body, signature }, key.publicKey);
    expect(open).toThrow(/not signed by the site/);
  });

  it('may be a question of an older release, which accepts nothing, or be read by one, which leaves that out', () => {
    const envelope = { from: 'CAS', to: 'PR1', nonce: 'n' };
    const question = { ...envelope, life: null, after: { transaction: 0, sequence: 0 }, limit: 1 };
    expect(pullQuestionSchema.parse(question)).toEqual(question);
    const newer = { ...question, accepts: ['zstd', 'something newer'] };
    expect(pullQuestionSchema.parse(newer)).toEqual(newer);
    expect(pullQuestionSchema.omit({ accepts: true }).parse(newer)).toEqual(question);
  });
});
