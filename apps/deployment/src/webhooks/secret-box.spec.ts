import { randomBytes } from 'node:crypto';
import { SecretBox } from './secret-box.js';

describe('a box for secrets', () => {
  const key = randomBytes(32);
  const box = new SecretBox(key);

  it('gives back what was put in, also to another process with the same key', () => {
    expect(new SecretBox(key).open(box.seal('whsec_AAAA', 'alerts'), 'alerts')).toBe('whsec_AAAA');
  });

  it('opens nothing for another owner, with another key, or when it was changed', () => {
    const sealed = box.seal('whsec_AAAA', 'alerts');
    expect(() => box.open(sealed, 'others')).toThrow();
    expect(() => new SecretBox(randomBytes(32)).open(sealed, 'alerts')).toThrow();
    const changed = Buffer.from(sealed, 'base64url');
    changed[15]! ^= 1;
    expect(() => box.open(changed.toString('base64url'), 'alerts')).toThrow();
  });

  it('calls equal secrets the same and others not, differently for each key', () => {
    expect(box.idOf('a')).toBe(box.idOf('a'));
    expect(box.idOf('a')).not.toBe(box.idOf('b'));
    expect(new SecretBox(randomBytes(32)).idOf('a')).not.toBe(box.idOf('a'));
  });
});
