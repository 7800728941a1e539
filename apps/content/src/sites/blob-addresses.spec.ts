import { digestOf } from '@muster/contracts/digest.js';
import { together, type BlobAddresses } from './blob-addresses.js';

const [here, there] = [digestOf('here'), digestOf('there')];
const own = (more: Partial<BlobAddresses> = {}): BlobAddresses => ({
  urls: new Map([[here, 'http://cen/here']]),
  holder: 'CEN',
  reason: null,
  away: false,
  ...more,
});
const further = (more: Partial<BlobAddresses> = {}): BlobAddresses => ({
  urls: new Map([[there, 'http://pr2/there']]),
  holder: 'PR2',
  reason: null,
  away: false,
  ...more,
});
const compressing = { urls: new Map(), reason: 'site CEN is still compressing the bytes', away: true };

describe('the answer of a site that has some of the blobs, and asked on for the others', () => {
  it('has the addresses of both', () => {
    expect(together(own(), undefined)).toEqual(own());
    expect(together(own(), further())).toEqual(further({ urls: new Map([...own().urls, ...further().urls]) }));
  });

  it('lets whoever asked wait for what is not ready here, whatever the other site says of the rest', () => {
    const { reason, away } = compressing;
    expect(together(own(compressing), further())).toMatchObject({ reason, away, urls: further().urls });
    const refused = further({ urls: new Map(), reason: 'it has no good copy', away: false });
    expect(together(own(compressing), refused)).toMatchObject({ reason, away });
  });

  it('says why the other site gives none', () => {
    for (const away of [true, false])
      expect(together(own(), further({ reason: 'why', away }))).toMatchObject({ reason: 'why', away });
  });
});
