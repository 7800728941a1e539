import { generateKeyPairSync } from 'node:crypto';
import { seal } from '@muster/service/sealing/seal.js';
import { SiteKey } from '../site-key/site-key.js';
import { SiteSealing } from './site-sealing.js';

const newSiteKey = () =>
  new SiteKey(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
const place = 'Collection/lab/token';
const secret = { for: place, value: 'geheim' };

describe('the sealing key of a site', () => {
  it('is the same in every replica and after every start, and opens what was sealed to it', async () => {
    const siteKey = newSiteKey();
    const sealed = await seal(secret, new SiteSealing(siteKey).publicKey);
    expect(sealed).not.toContain('geheim');
    const later = new SiteSealing(siteKey);
    expect(await later.open(sealed, place)).toEqual({ value: 'geheim' });
    expect(await later.open(sealed, place)).toEqual({ value: 'geheim' });
  });

  it('makes another text of the same secret each time', async () => {
    const { publicKey } = new SiteSealing(newSiteKey());
    expect(await seal(secret, publicKey)).not.toBe(await seal(secret, publicKey));
  });

  it('opens nothing in another place than it was sealed for, also when it was opened before', async () => {
    const sealing = new SiteSealing(newSiteKey());
    const sealed = await seal(secret, sealing.publicKey);
    expect(await sealing.open(sealed, 'Device/mine/token')).toEqual({ problem: 'of-another-place' });
    await sealing.open(sealed, place);
    expect(await sealing.open(sealed, 'Device/mine/token')).toEqual({ problem: 'of-another-place' });
  });

  it('says whether a text is for another key, or damaged', async () => {
    const sealing = new SiteSealing(newSiteKey());
    const other = await seal(secret, new SiteSealing(newSiteKey()).publicKey);
    expect(await sealing.open(other, place)).toEqual({ problem: 'other-key' });
    const sealed = await seal(secret, sealing.publicKey);
    const [header, , iv, text = '', tag] = sealed.split('.');
    const changed = `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`;
    expect(await sealing.open([header, '', iv, changed, tag].join('.'), place)).toEqual({ problem: 'damaged' });
    expect(await sealing.open('no.jwe', place)).toEqual({ problem: 'other-key' });
  });

  it('still opens what was sealed to an earlier generation', async () => {
    const siteKey = newSiteKey();
    const first = new SiteSealing(siteKey, ['one']);
    const both = new SiteSealing(siteKey, ['one', 'two']);
    expect(both.publicKey).not.toEqual(first.publicKey);
    expect(await both.open(await seal(secret, first.publicKey), place)).toEqual({ value: 'geheim' });
    expect(await first.open(await seal(secret, both.publicKey), place)).toEqual({ problem: 'other-key' });
  });

  it('is the same at sites that share one, and each still opens what it sealed before', async () => {
    const [one, other] = [newSiteKey(), newSiteKey()];
    const shared = [Buffer.alloc(32, 7)];
    const [here, there] = [new SiteSealing(one, undefined, shared), new SiteSealing(other, undefined, shared)];
    expect(await there.open(await seal(secret, here.publicKey), place)).toEqual({ value: 'geheim' });
    const before = await seal(secret, new SiteSealing(one).publicKey);
    expect(await here.open(before, place)).toEqual({ value: 'geheim' });
    expect(await there.open(before, place)).toEqual({ problem: 'other-key' });
  });
});
