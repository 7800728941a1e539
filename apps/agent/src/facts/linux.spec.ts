import { deviceFactsSchema } from '@muster/contracts/kinds/device.js';
import { deviceFacts } from './device-facts.js';
import { linuxFacts } from './linux.js';

const files: Readonly<Record<string, string>> = {
  '/usr/lib/os-release': 'NAME="Debian GNU/Linux"\nVERSION_ID=\'12\'\nPRETTY_NAME="A \\"quoted\\" name"\n# no\n',
  '/proc/sys/kernel/random/boot_id': '5a1c\n',
};

describe('facts of a Linux computer', () => {
  it('come from os-release in either place and the boot id', () => {
    const read = (path: string): string => {
      const text = files[path];
      if (text === undefined) throw new Error('ENOENT');
      return text;
    };
    expect(linuxFacts(read)).toEqual({ osName: 'Debian GNU/Linux', osVersion: '12', bootId: '5a1c' });
  });

  it('are left out when they cannot be read', () => {
    const read = (): string => {
      throw new Error('EACCES');
    };
    expect(linuxFacts(read)).toEqual({});
  });

  it('of this computer fit the schema', () => {
    const facts = deviceFacts();
    expect(deviceFactsSchema.parse(facts)).toEqual(facts);
    expect(facts.processors).toBeGreaterThan(0);
  });
});
