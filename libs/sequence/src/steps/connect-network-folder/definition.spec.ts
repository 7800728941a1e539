import * as fc from 'fast-check';
import { findingsOf } from '../../../test/step-types.js';
import { prepared } from '../../../test/prepared-step.js';
import { parseShare } from './share.js';

const type = 'ConnectNetworkFolder';
const paths = (settings: Record<string, unknown>): string[] => findingsOf(type, settings).map(([path]) => path);

describe('a share', () => {
  it.each([
    ['\\\\Server\\Share', '//Server/Share', 'cifs'],
    ['\\\\Server\\Share\\Windows10Media\\', '//Server/Share/Windows10Media', 'cifs'],
    ['//server.example.org/data set/x', '//server.example.org/data set/x', 'cifs'],
    ['nas:/export/home', 'nas:/export/home', 'nfs'],
    ['[fd00::1]:/', '[fd00::1]:/', 'nfs'],
    ['10.0.0.1:/a', '10.0.0.1:/a', 'nfs'],
  ])('is read from %s', (text, source, kind) => {
    expect(parseShare(text)).toMatchObject({ source, kind });
  });

  it.each(['', 'share', '\\\\server', '//server/', 'M:/x', 'M:\\x', '/mnt', '//server/a/../b', '-o:/x', 'http://a/b'])(
    'is not read from %j',
    (text) => {
      expect(parseShare(text)).toBeUndefined();
    },
  );

  it('means the same with either slash', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    fc.assert(
      fc.property(fc.array(part, { minLength: 2, maxLength: 5 }), (parts) => {
        expect(parseShare(`\\\\${parts.join('\\')}`)).toEqual(parseShare(`//${parts.join('/')}`));
        expect(parseShare(`//${parts.join('/')}`)?.source).toBe(`//${parts.join('/')}`);
      }),
    );
  });
});

describe('the settings of ConnectNetworkFolder', () => {
  it('accept what sequences of Windows say', () => {
    const settings = { path: '\\\\Server\\Share\\Media', driveLetter: 'M:', account: '%user%', password: '' };
    expect(paths(settings)).toEqual([]);
    expect(paths({ path: 'nas:/x', mountPoint: '/mnt/x', variable: 'Share', driveLetter: '' })).toEqual([]);
  });

  it.each([
    [{}, ['path']],
    [{ path: 'share' }, ['path']],
    [{ path: '//s/x', driveLetter: 'X:' }, ['driveLetter']],
    [{ path: '//s/x', driveLetter: 'C' }, ['driveLetter']],
    [{ path: '//s/x', mountPoint: 'mnt' }, ['mountPoint']],
    [{ path: '//s/x', mountPoint: '/' }, ['mountPoint']],
    [{ path: '//s/x', account: 'a\nb' }, ['account']],
    [{ path: '//s/x', variable: '_Share' }, ['variable']],
  ])('say what is wrong with %j', (settings, expected) => {
    expect(paths(settings)).toEqual(expected);
  });

  it('keep the password secret, and are overridden by variables', () => {
    const variables = { SMSConnectNetworkFolderPath: '\\\\other\\x' };
    const { secrets, settings } = prepared(type, { path: '//s/x', password: 'pw-of-share' }, variables);
    expect(secrets).toContain('pw-of-share');
    expect(settings).toMatchObject({ path: '\\\\other\\x' });
  });
});
