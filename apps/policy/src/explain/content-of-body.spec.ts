import { NO_FILES_DIGEST } from '@muster/contracts/agent/content.js';
import type { PolicyBody } from '@muster/contracts/agent/policy.js';
import { addressesOf, contentOfBody } from './content-of-body.js';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

describe('the content of a body', () => {
  it('is its packages and what it names of other kinds, each with version and manifest; what has no files is nowhere', () => {
    const body = {
      packages: {
        hello: { version: 3, manifest: digest('a'), programs: {} },
        restart: { version: 1, manifest: NO_FILES_DIGEST, programs: {} },
      },
      contents: { OsImage: { debian: { version: 1, manifest: digest('b') } } },
    } as unknown as PolicyBody;
    expect(contentOfBody(body)).toEqual([
      { kind: 'Package', name: 'hello', version: 3, manifest: digest('a') },
      { kind: 'OsImage', name: 'debian', version: 1, manifest: digest('b') },
    ]);
  });
});

describe('the addresses of a device', () => {
  it('leave out those that every computer has', () => {
    const network = [
      { name: 'lo', addresses: ['127.0.0.1', '::1'] },
      { name: 'eth0', addresses: ['fe80::1', '10.1.2.3', '2001:db8::7', '169.254.3.4'] },
    ];
    expect(addressesOf({ network } as never)).toEqual(['10.1.2.3', '2001:db8::7']);
    expect(addressesOf(undefined)).toEqual([]);
  });
});
