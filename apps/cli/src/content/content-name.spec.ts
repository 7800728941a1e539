import { distributionName, parseContent, parseUsed } from './content-name.js';

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

describe('the name of a distribution', () => {
  it('is that of the package, and says the kind of all else', () => {
    expect(distributionName({ kind: 'Package', name: 'hello' })).toBe('hello');
    expect(distributionName({ kind: 'OsImage', name: 'hello' })).toBe('os-image-hello');
  });

  it('stays a name however long that of the content is, and differs where that differs', () => {
    const names = ['a', 'b'].map((end) => distributionName({ kind: 'DriverPackage', name: `${'x'.repeat(62)}${end}` }));
    for (const name of names) expect(name).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
    expect(new Set(names).size).toBe(2);
  });
});
