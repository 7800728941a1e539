import { generateKeyPairSync } from 'node:crypto';
import { judgeKey, keysThatCount, newsOfKey, OLD_KEY_MILLISECONDS, withKey, type KeysOfSite } from './changed-keys.js';
import { LinkKey } from './site-signature.js';

const pem = () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const pems = [pem(), pem(), pem()] as const;
/** The site's key after no, one and two changes. */
const [first, second, third] = [1, 2, 3].map((count) => new LinkKey(pems.slice(0, count).join(''))) as [
  LinkKey,
  LinkKey,
  LinkKey,
];
const now = Date.parse('2026-11-27T12:00:00Z');
const until = new Date(now + OLD_KEY_MILLISECONDS);
const knownBy = ({ publicKey }: LinkKey): KeysOfSite => ({ publicKey });
const judge = (known: KeysOfSite, key: LinkKey, site = 'PR1') => judgeKey(site, known, newsOfKey(key, 'PR1'));

describe('the key of a site', () => {
  it('is the last one in its file, and signs as the one that another site knows', () => {
    expect(third.former.map(({ publicKey }) => publicKey)).toEqual([first.publicKey, second.publicKey]);
    expect(third.knownAs(null).publicKey).toEqual(first.publicKey);
    expect(third.knownAs(second.publicKey.x).publicKey).toEqual(second.publicKey);
    // Of a key that the file has no longer nothing can be signed.
    for (const x of [third.publicKey.x, new LinkKey(pem()).publicKey.x])
      expect(third.knownAs(x).publicKey).toEqual(third.publicKey);
    expect(first.knownAs(null).publicKey).toEqual(first.publicKey);
    // As `openssl genpkey … >> FILE` leaves it behind a secret that lost its last line break.
    expect(new LinkKey(`${pems[0].trim()}${pems[1]}`).publicKey).toEqual(second.publicKey);
  });

  it('is new when the one before vouches for it, however many changes were missed, and known when it is told again', () => {
    expect(judge(knownBy(first), second)).toBe('new');
    expect(judge(knownBy(first), third)).toBe('new');
    const known = withKey(knownBy(first), second.publicKey, until);
    expect(judge(known, second)).toBe('known');
    expect(judge(known, third)).toBe('new');
  });

  it('is not brought back by what was said of it before', () => {
    const known = withKey(withKey(knownBy(first), second.publicKey, until), third.publicKey, until);
    expect(judge(known, second)).toBe('given-up');
    expect(judge(known, first)).toBe('given-up');
    // Not even when the newest key vouches for an old one.
    const back = new LinkKey([pems[1], pems[2], pems[0]].join(''));
    expect(judge(known, back)).toBe('given-up');
  });

  it('is not taken from a key that was given up, also while that counts, nor without a voucher for this site and key', () => {
    const thief = new LinkKey(`${pems[0]}${pem()}`);
    const known = withKey(knownBy(first), second.publicKey, until);
    expect(judge(known, thief)).toBe('not-vouched');
    expect(judge(knownBy(first), new LinkKey(pem()))).toBe('not-vouched');
    expect(judge({ publicKey: null }, second)).toBe('not-vouched');
    expect(judge(knownBy(first), second, 'PR2')).toBe('not-vouched');
    const { vouchers } = newsOfKey(second, 'PR1');
    expect(judgeKey('PR1', knownBy(first), { publicKey: third.publicKey, vouchers })).toBe('not-vouched');
  });

  it('counts beside the ones before for an hour', () => {
    const known = withKey(knownBy(first), second.publicKey, until);
    const both = [second.publicKey, first.publicKey];
    expect(keysThatCount(known, now)).toEqual(both);
    expect(keysThatCount(known, until.getTime() - 1)).toEqual(both);
    expect(keysThatCount(known, until.getTime())).toEqual([second.publicKey]);
    expect(keysThatCount({ publicKey: null }, now)).toEqual([]);
    // Being told again makes that hour no longer.
    expect(withKey(known, second.publicKey, new Date(now * 2))).toEqual(known);
  });
});
