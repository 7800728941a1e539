import { distributionName } from './distribution-name.js';

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
