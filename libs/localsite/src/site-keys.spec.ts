import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgetFormerSiteKeys, renewSiteKey, siteKeyFile } from './keys.js';

describe('the signing keys of a site', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'muster-keys-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const keys = (): (string | undefined)[] =>
    readFileSync(siteKeyFile(folder), 'utf8')
      .split(/(?=-----BEGIN )/)
      .map((pem) => createPublicKey(pem).export({ format: 'jwk' }).x);

  it('are one at first, a new one comes last, and those before can be given up', () => {
    const [first] = keys();
    renewSiteKey(folder);
    renewSiteKey(folder);
    const [one, two, three] = keys();
    expect(one).toBe(first);
    expect(new Set([one, two, three]).size).toBe(3);
    forgetFormerSiteKeys(folder);
    expect(keys()).toEqual([three]);
    forgetFormerSiteKeys(folder);
    expect(keys()).toEqual([three]);
    expect(statSync(siteKeyFile(folder)).mode & 0o777).toBe(0o600);
  });
});
