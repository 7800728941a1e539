import { describePlatforms, isListedPlatform } from './platforms.js';

const debian = { id: 'debian', versionId: '12', architecture: 'x64' };

describe('the platforms of a sequence', () => {
  it.each<[string, Parameters<typeof isListedPlatform>[0], Parameters<typeof isListedPlatform>[1], boolean]>([
    ['none listed is any', undefined, {}, true],
    ['the operating system alone', [{ os: 'debian' }], debian, true],
    ['another one', [{ os: 'ubuntu' }], debian, false],
    ['one of several', [{ os: 'ubuntu' }, { os: 'debian' }], debian, true],
    ['a version', [{ os: 'debian', versions: ['11', '12'] }], debian, true],
    ['a point release of a version', [{ os: 'debian', versions: ['12'] }], { ...debian, versionId: '12.4' }, true],
    ['a version that begins alike', [{ os: 'debian', versions: ['1'] }], debian, false],
    ['another architecture', [{ os: 'debian', architecture: 'arm64' }], debian, false],
    ['a computer that tells nothing', [{ os: 'debian' }], {}, false],
  ])('%s', (_what, platforms, facts, expected) => {
    expect(isListedPlatform(platforms, facts)).toBe(expected);
  });

  it('are told with what the computer is', () => {
    expect(describePlatforms([{ os: 'debian', versions: ['11', '12'] }, { os: 'ubuntu' }], debian)).toBe(
      'its task sequence is for debian 11 or 12, ubuntu, and this computer is debian 12 x64',
    );
  });
});
