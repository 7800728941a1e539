import { parseOsRelease } from './os-release.js';

describe('an os-release file', () => {
  it('is read as a shell would, without what is no assignment', () => {
    const text = 'NAME="Debian GNU/Linux"\nVERSION_ID=\'12\'\nPRETTY_NAME="A \\"quoted\\" name"\n# no\nID=debian\n';
    expect(parseOsRelease(text)).toEqual({
      NAME: 'Debian GNU/Linux',
      VERSION_ID: '12',
      PRETTY_NAME: 'A "quoted" name',
      ID: 'debian',
    });
  });
});
