import { parseContent, parseUsed } from './content-name.js';

describe('what a user calls content', () => {
  it.each([
    ['hello', { kind: 'Package', name: 'hello' }],
    ['package/hello', { kind: 'Package', name: 'hello' }],
    ['os-image/debian', { kind: 'OsImage', name: 'debian' }],
    ['osImage/debian', { kind: 'OsImage', name: 'debian' }],
    ['driver-packages/m70q', { kind: 'DriverPackage', name: 'm70q' }],
  ])('%s', (word, expected) => {
    expect(parseContent(word)).toEqual(expected);
  });

  it('may be an application where its packages are meant, and says so where not', () => {
    expect(parseUsed('app/editor')).toEqual({ kind: 'Application', name: 'editor' });
    expect(() => parseContent('app/editor')).toThrow('Application "editor" has no content of its own');
    expect(() => parseUsed('device/web')).toThrow('neither content nor an application');
    expect(() => parseUsed('nothing/web')).toThrow('there is no kind "nothing"');
  });
});
