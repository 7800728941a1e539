import { mkdirSync } from 'node:fs';
import { totalmem } from 'node:os';
import { firstTpm } from '../../facts/linux-firmware.js';
import { thisSystem } from '../../facts/system.js';
import { SystemTree } from '../../facts/system-tree.js';
import { SoftwareRun } from '../../../test/software-run.js';
import { connectedAdapters, freeOnAnyDisk, operatingSystemType } from './gather-readiness.js';

let at: SoftwareRun;
beforeEach(() => {
  at = new SoftwareRun();
});
afterEach(() => at.remove());

const step = (settings: object): { type: string; settings: Record<string, unknown> } => ({
  type: 'CheckReadiness',
  settings: { ...settings },
});

describe('Check Readiness', () => {
  it('passes on a computer that has what is asked', async () => {
    const settings = { minimumMemoryMegabytes: 16, minimumFreeDiskMegabytes: 1, minimumClientVersion: '0.0.1' };
    const { report, variable } = await at.step(step(settings));
    expect(report).toMatchObject({
      outcome: 'succeeded',
      exitCode: 0,
      output: expect.stringContaining('passed memory'),
    });
    expect(['_TS_CRMEMORY', '_TS_CRDISK', '_TS_CRCLIENTMINVER', '_TS_CRUEFI'].map(variable)).toEqual([
      '1',
      '1',
      '1',
      undefined,
    ]);
  });

  it('conformance vector 20: evaluates everything, then fails with 4316 and names each check', async () => {
    const settings = { minimumMemoryMegabytes: 2_000_000_000, minimumFreeDiskMegabytes: 1, minimumClientVersion: '99' };
    const { report, variable, end } = await at.step(step(settings));
    const found = Math.round(totalmem() / 1024 / 1024);
    expect(report).toMatchObject({ outcome: 'failed', exitCode: 4316, code: 'step.not-ready' });
    expect(report?.message).toContain(
      `2 of 3 checks failed: memory: wanted at least 2000000000 MB, found ${found} MB; agent version`,
    );
    expect(['_TS_CRMEMORY', '_TS_CRDISK', '_TS_CRCLIENTMINVER'].map(variable)).toEqual(['0', '1', '0']);
    expect(end).toMatchObject({ result: 'failed', exitCode: 4316 });
  });

  it('only reports with continue on error, and forgets what an earlier step checked', async () => {
    const tooMuch = step({ minimumMemoryMegabytes: 2_000_000_000, minimumFreeDiskMegabytes: 1 });
    const { variable, end } = await at.steps([
      { step: 'first', continueOnError: true, ...tooMuch },
      { step: 'second', ...step({ minimumFreeDiskMegabytes: 1 }) },
    ]);
    expect(end.result).toBe('succeeded');
    expect([variable('_TS_CRMEMORY'), variable('_TS_CRDISK')]).toEqual([undefined, '1']);
  });
});

describe('looking at a computer', () => {
  const tree = (): SystemTree => new SystemTree(at.folder);
  const address = { address: '192.0.2.7', internal: false } as never;
  const linkLocal = { address: 'fe80::1', internal: false } as never;

  it('takes adapters that are up and can be reached, without the bridges of containers', () => {
    for (const [name, state] of [
      ['eth0', 'up'],
      ['eth1', 'down'],
      ['wlan0', 'up'],
      ['docker0', 'up'],
      ['br0', 'up'],
    ])
      at.write(`sys/class/net/${name}/operstate`, `${state}\n`);
    for (const name of ['eth0/device', 'eth1/device', 'wlan0/device', 'wlan0/wireless'])
      mkdirSync(at.path(`sys/class/net/${name}`));
    at.write('proc/net/route', 'Iface Destination\nbr0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n');
    const interfaces = {
      lo: [],
      eth0: [address],
      eth1: [address],
      wlan0: [address],
      docker0: [address],
      br0: [address],
      eth2: [linkLocal],
    };
    expect(connectedAdapters(interfaces, tree())).toEqual([
      { name: 'eth0', wireless: false },
      { name: 'wlan0', wireless: true },
      { name: 'br0', wireless: false },
    ]);
    expect(connectedAdapters({ docker0: [address] }, tree())).toEqual([{ name: 'docker0', wireless: false }]);
  });

  it('counts disks without partitions in the preinstallation environment, unless they are in use', () => {
    at.write('sys/block/sda/sda1/partition', '1');
    mkdirSync(at.path('sys/block/sdb'));
    at.write('proc/self/mounts', '/dev/sdc / ext4 rw 0 0\n');
    const disk = (name: string, sizeMegabytes: number) => ({ name, sizeMegabytes });
    const filesystems = [{ mount: '/x', sizeMegabytes: 50, freeMegabytes: 20 }];
    expect(freeOnAnyDisk({ disks: [disk('sda', 1000), disk('sdc', 900)], filesystems }, tree())).toEqual({ value: 20 });
    expect(freeOnAnyDisk({ disks: [disk('sda', 1000), disk('sdb', 500)], filesystems }, tree())).toEqual({
      value: 500,
    });
    expect(freeOnAnyDisk({}, tree())).toEqual({ unknown: 'there is no disk' });
  });

  it('takes a display manager, or the variant of the distribution, for a client', () => {
    const type = () => operatingSystemType({ ...thisSystem, platform: 'linux' }, tree());
    expect(type()).toEqual({ value: 'server' });
    at.write('etc/X11/default-display-manager', '/usr/sbin/gdm3\n');
    expect(type()).toEqual({ value: 'client' });
    at.write('etc/os-release', 'ID=fedora\nVARIANT_ID=server\n');
    expect(type()).toEqual({ value: 'server' });
    at.write('etc/os-release', 'ID=fedora\nVARIANT_ID=workstation\n');
    expect(type()).toEqual({ value: 'client' });
  });

  it('finds the TPM', () => {
    expect(firstTpm(tree())).toBeUndefined();
    at.write('sys/class/tpm/tpm0/tpm_version_major', '2\n');
    expect(firstTpm(tree())).toEqual({ majorVersion: 2, enabled: true, activated: true });
    at.write('sys/class/tpm/tpm0/tpm_version_major', '1\n');
    at.write('sys/class/tpm/tpm0/device/enabled', '1\n');
    at.write('sys/class/tpm/tpm0/device/active', '0\n');
    expect(firstTpm(tree())).toEqual({ majorVersion: 1, enabled: true, activated: false });
  });
});
