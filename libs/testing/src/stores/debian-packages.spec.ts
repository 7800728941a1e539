import type { Machine } from '@muster/localsite/nats-server.js';
import { requirePrograms } from './debian-packages.js';
import { testedStores } from './tested-stores.js';

const programs = [
  { program: 'one', package: 'package-of-both' },
  { program: 'two', package: 'package-of-both' },
  { program: 'three', package: 'another' },
];

class PaperMachine implements Machine {
  readonly installed: string[] = [];

  constructor(
    private readonly there: Record<string, string>,
    readonly isRoot: boolean,
    private readonly gives: readonly string[] = [],
  ) {}

  find(name: string): string | null {
    return this.there[name] ?? (this.installed.length > 0 && this.gives.includes(name) ? `/usr/bin/${name}` : null);
  }

  aptGet(_program: string, [command, ...rest]: readonly string[]): boolean {
    if (command === 'install') this.installed.push(...rest.filter((one) => !one.startsWith('-')));
    return true;
  }
}

describe('programs of Debian packages', () => {
  const apt = { 'apt-get': '/usr/bin/apt-get' };

  it('that are there are left alone', () => {
    const machine = new PaperMachine({ ...apt, one: '/one', two: '/two', three: '/three' }, true);
    requirePrograms(programs, () => undefined, machine);
    expect(machine.installed).toEqual([]);
  });

  it('that are missing are installed by root, each package once', () => {
    const machine = new PaperMachine({ ...apt, three: '/three' }, true, ['one', 'two']);
    requirePrograms(programs, () => undefined, machine);
    expect(machine.installed).toEqual(['package-of-both']);
  });

  it.each([
    ['nobody may install anything', new PaperMachine(apt, false)],
    ['there is no apt-get', new PaperMachine({}, true)],
  ])('that are missing are an error with the cure where %s', (_, machine) => {
    expect(() => requirePrograms(programs, () => undefined, machine)).toThrow(
      /^one is missing: install package-of-both another .*sudo apt-get install package-of-both another/,
    );
  });

  it('that are missing after the installation are an error', () => {
    const machine = new PaperMachine(apt, true, ['one', 'two']);
    expect(() => requirePrograms(programs, () => undefined, machine)).toThrow(/^three is missing, and package another/);
  });
});

describe('the stores of a run', () => {
  it('are ours, of one process and of several, and Ceph, or those that are named; a name that is none is refused', () => {
    expect(testedStores(undefined).map(({ name }) => name)).toEqual(['muster', 'muster-processes', 'ceph']);
    expect(testedStores('swift, muster').map(({ name }) => name)).toEqual(['swift', 'muster']);
    expect(() => testedStores('minio')).toThrow('there is no store "minio"');
  });
});
