import { nameSchema } from '@muster/contracts/resource.js';
import { onDemandName } from './on-demand.js';

describe('the Distribution of what was asked for', () => {
  it('is called after the content, and says the kind of what is no package', () => {
    expect(onDemandName({ kind: 'Package', name: 'hello' })).toBe('hello-on-demand');
    expect(onDemandName({ kind: 'OsImage', name: 'debian' })).toMatch(/-debian-on-demand$/);
  });

  it('has a name that is one, however long that of the content is, and another for other content', () => {
    const long = (end: string) => onDemandName({ kind: 'Package', name: `${'a'.repeat(43)}-${'b'.repeat(18)}${end}` });
    for (const name of [long('c'), onDemandName({ kind: 'UpgradePackage', name: 'x'.repeat(63) })])
      expect(nameSchema.safeParse(name).success).toBe(true);
    expect(long('c')).not.toBe(long('d'));
  });
});
