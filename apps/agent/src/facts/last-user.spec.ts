import { ComputersOfFiles } from '../../test/computer-of-files.js';
import { gatherFacts } from './gather-facts.js';
import { lastBootOf } from './last-boot.js';
import { lastUserOf } from './last-user.js';
import { thisSystem } from './system.js';

const computers = new ComputersOfFiles();
afterAll(() => computers.remove());

/** A record of wtmp as glibc lays it out: utmp(5). last(1) of util-linux reads the short ones so. */
function record(type: number, user: string, seconds: number, long = false): Buffer {
  const bytes = Buffer.alloc(long ? 400 : 384);
  bytes.writeInt16LE(type, 0);
  bytes.write('pts/0', 8);
  bytes.write(user, 44, 32);
  bytes.write('host', 76);
  if (long) bytes.writeBigInt64LE(BigInt(seconds), 344);
  else bytes.writeInt32LE(seconds, 340);
  return bytes;
}
const [boot, logOn, logOff] = [2, 7, 8];
const wtmp = (...records: Buffer[]) => ({ '/var/log/wtmp': Buffer.concat(records) });
const sessions = '/run/systemd/sessions';
const session = (user: string, seconds: number): string =>
  `USER=${user}\nCLASS=user\nSTATE=active\nREALTIME=${seconds}000000\n`;

describe('who logged on last', () => {
  it('is in the records of log-ons, whoever logged off since', () => {
    const records = [
      record(boot, 'reboot', 1764300000),
      record(logOn, 'anna', 1764310000),
      record(logOff, '', 1764320000),
    ];
    const expected = { name: 'anna', loggedOnAt: '2025-11-28T06:06:40Z' };
    expect(lastUserOf(computers.make(wtmp(...records)), 'x64')).toEqual(expected);
    const longOnes = [record(logOn, 'bert', 1764300000, true), record(logOn, 'anna', 1764310000, true)];
    expect(lastUserOf(computers.make(wtmp(...longOnes)), 'arm64')).toEqual(expected);
  });

  it('is in the sessions of systemd-logind, where they are newer or the only ones', () => {
    const now = { [`${sessions}/3`]: session('cleo', 1764310500), [`${sessions}/2`]: session('dora', 1764310400) };
    expect(lastUserOf(computers.make({ ...wtmp(record(logOn, 'anna', 1764310000)), ...now }), 'x64')?.name).toBe(
      'cleo',
    );
    expect(lastUserOf(computers.make(now), 'riscv64')).toEqual({ name: 'cleo', loggedOnAt: '2025-11-28T06:15:00Z' });
  });

  it('is found at the end of a long file, which may be torn', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => record(logOn, `user-${index}`, 1764310000 + index));
    const torn = record(logOn, 'torn', 1764399999).subarray(0, 100);
    expect(lastUserOf(computers.make(wtmp(...many, torn)), 'x64')?.name).toBe('user-4999');
  });

  it('is not told where the owner of the computer does not want it', async () => {
    const tree = computers.make(wtmp(record(logOn, 'anna', 1764310000)));
    const environment = { MUSTER_AGENT_SESSIONS: sessions };
    const system = { ...thisSystem, platform: 'linux', architecture: 'x64' } as const;
    expect((await gatherFacts({ ...system, environment }, tree)).lastUser?.name).toBe('anna');
    const silent = { ...environment, MUSTER_AGENT_LAST_USER: 'no' };
    expect((await gatherFacts({ ...system, environment: silent }, tree)).lastUser).toBeUndefined();
  });

  it('is not known where nothing says it', () => {
    expect(lastUserOf(computers.make({}), 'x64')).toBeUndefined();
    expect(lastUserOf(computers.make(wtmp()), 'x64')).toBeUndefined();
    expect(lastUserOf(computers.make(wtmp(record(logOn, 'anna', 1764310000))), 'riscv64')).toBeUndefined();
  });
});

describe('the last start', () => {
  it('is what the kernel says, in UTC', () => {
    const stat = 'cpu  1 2 3\nctxt 5\nbtime 1764300000\nprocesses 7\n';
    expect(lastBootOf(computers.make({ '/proc/stat': stat }))).toBe('2025-11-28T03:20:00Z');
    expect(lastBootOf(computers.make({ '/proc/stat': 'btime 0\n' }))).toBeUndefined();
    expect(lastBootOf(computers.make({}))).toBeUndefined();
  });
});
