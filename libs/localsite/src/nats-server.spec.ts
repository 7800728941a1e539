import { type Machine, requireNatsServer } from './nats-server.js';

/** A computer with these programs, on which `install` does what it is told to. */
class PaperMachine implements Machine {
  readonly asked: string[] = [];

  constructor(
    readonly programs: Record<string, string>,
    readonly isRoot: boolean,
    private readonly run: (this: PaperMachine, args: readonly string[]) => boolean = () => false,
  ) {}

  find(name: string): string | null {
    return this.programs[name] ?? null;
  }

  aptGet(_program: string, args: readonly string[]): boolean {
    this.asked.push(args[0] ?? '');
    return this.run(args);
  }
}

const apt = { 'apt-get': '/usr/bin/apt-get' };
const missing = expect.objectContaining({
  code: 'up.nats-missing',
  message: expect.stringMatching(/^nats-server is missing.*sudo apt-get install nats-server/),
});
const silent = (): void => undefined;

describe('finding nats-server', () => {
  it('takes the one on PATH and installs nothing', () => {
    const machine = new PaperMachine({ ...apt, 'nats-server': '/opt/nats-server' }, true);
    expect(requireNatsServer(silent, machine)).toBe('/opt/nats-server');
    expect(machine.asked).toEqual([]);
  });

  it.each([
    ['who is not root', apt, false],
    ['without apt-get', {}, true],
  ])('says how to install it to a user %s, and tries nothing', (_who, programs, isRoot) => {
    const machine = new PaperMachine(programs, isRoot);
    expect(() => requireNatsServer(silent, machine)).toThrow(missing);
    expect(machine.asked).toEqual([]);
  });

  it('says how to install it when apt-get fails, also with new package lists', () => {
    const machine = new PaperMachine(apt, true, ([command]) => command === 'update');
    expect(() => requireNatsServer(silent, machine)).toThrow(missing);
    expect(machine.asked).toEqual(['install', 'update', 'install']);
  });

  it('says how to install it when apt-get cannot even get package lists', () => {
    const machine = new PaperMachine(apt, true);
    expect(() => requireNatsServer(silent, machine)).toThrow(missing);
    expect(machine.asked).toEqual(['install', 'update']);
  });

  it('says how to install it when apt-get is content and there is still none', () => {
    expect(() => requireNatsServer(silent, new PaperMachine(apt, true, () => true))).toThrow(missing);
  });

  it('installs it as root, and says so before', () => {
    const notes: string[] = [];
    const machine = new PaperMachine(apt, true, function () {
      expect(notes).toEqual(['nats-server is missing: installing it with apt-get']);
      this.programs['nats-server'] = '/usr/sbin/nats-server';
      return true;
    });
    expect(requireNatsServer((line) => notes.push(line), machine)).toBe('/usr/sbin/nats-server');
    expect(machine.asked).toEqual(['install']);
  });
});
