import { digestOfBytes } from '@muster/contracts/digest.js';
import { blobKey, digestOfS3Checksum, manifestKey, s3Checksum } from './object-names.js';

const digest = digestOfBytes('');
const hex = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('the names of objects', () => {
  it('are made of their digest', () => {
    expect(blobKey(digest)).toBe(`blobs/sha256/e3/${hex}`);
    expect(manifestKey(digest)).toBe(`manifests/sha256/${hex}.json`);
  });

  it('come back from the checksum of a store', () => {
    expect(s3Checksum(digest)).toBe('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=');
    expect(digestOfS3Checksum(s3Checksum(digest))).toBe(digest);
  });

  it.each([undefined, '', 'abc', `${s3Checksum(digest)}-3`])('do not come from %j', (checksum) => {
    expect(digestOfS3Checksum(checksum)).toBeUndefined();
  });
});
