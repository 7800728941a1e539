import { tmpdir } from 'node:os';
import { type Facts, factsSchema } from '@muster/sequence/conditions/facts-schema.js';
import { ComputersOfFiles } from '../../test/computer-of-files.js';
import { fitting, gatherFacts, networkFacts } from './gather-facts.js';
import { domainOf, firmwareOf, highestMegahertz, machineFacts, powerOf, virtualizationOf } from './linux-machine.js';
import { diskFacts, filesystemFacts, localMounts, partitionFacts } from './linux-storage.js';
import { osIdentity } from './os-identity.js';
import type { SystemTree } from './system-tree.js';
import { thisSystem } from './system.js';

const computers = new ComputersOfFiles();
afterAll(() => computers.remove());
const tree = (files: Readonly<Record<string, string>>): SystemTree => computers.make(files);
const dmi = '/sys/class/dmi/id';
const supply = '/sys/class/power_supply';

describe('facts of this computer', () => {
  it('fit the schema and have what every computer has', async () => {
    const facts = await gatherFacts();
    expect(factsSchema.parse(facts)).toEqual(facts);
    expect(facts.memoryMegabytes).toBeGreaterThan(0);
    expect(facts.cpu?.cores).toBeGreaterThan(0);
    expect(facts.os?.architecture).toBeDefined();
    expect(JSON.stringify(facts)).not.toContain('null');
  });

  it('are fewer where nothing can be read, and never a failure', async () => {
    const read = (): string => {
      throw new Error('EACCES');
    };
    const facts = await gatherFacts({ ...thisSystem, platform: 'linux', environment: {}, read }, tree({}));
    expect(factsSchema.parse(facts)).toEqual(facts);
    expect([facts.os?.id, facts.machine, facts.disks, facts.power]).toEqual([undefined, undefined, [], 'unknown']);
    expect([facts.os?.lastBootAt, facts.bios, facts.secureBoot, facts.tpm, facts.partitions]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      [],
    ]);
  });

  it.each(['win32', 'darwin'] as const)('come from Node alone on %s', async (platform) => {
    const facts = await gatherFacts({ ...thisSystem, platform }, tree({ [`${dmi}/product_name`]: 'x' }));
    expect(factsSchema.parse(facts)).toEqual(facts);
    expect(facts.os?.id).toBe(platform === 'win32' ? 'windows' : 'macos');
    expect([facts.machine, facts.firmware, facts.power]).toEqual([undefined, undefined, undefined]);
  });

  it('that do not fit the schema are left out alone', () => {
    const odd = {
      hostname: 'x'.repeat(300),
      memoryMegabytes: 1,
      os: { id: 'debian', name: 'x'.repeat(300) },
      disks: [
        { name: 'sda', sizeMegabytes: -1 },
        { name: 'sdb', sizeMegabytes: 2 },
      ],
      power: 'steam',
    } as unknown as Facts;
    expect(fitting(odd)).toEqual({
      memoryMegabytes: 1,
      os: { id: 'debian' },
      disks: [{ name: 'sdb', sizeMegabytes: 2 }],
    });
  });
});

describe('the operating system', () => {
  it.each([
    ['ID=ubuntu\nID_LIKE=debian\n', 'ubuntu', 'debian'],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'rocky', 'fedora'],
    ['ID=fedora\n', 'fedora', 'fedora'],
    ['ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', 'opensuse-leap', 'suse'],
    ['ID=nixos\n', 'nixos', 'nixos'],
    ['NAME=Something\n', 'linux', 'linux'],
  ])('%j is %s of the family %s', (text, id, family) => {
    expect(osIdentity({ platform: 'linux', read: () => text }, () => '')).toMatchObject({ id, family });
  });
});

describe('the machine', () => {
  it('has what its firmware says, but not what makers write who had nothing to say', () => {
    const machine = machineFacts(
      tree({
        [`${dmi}/sys_vendor`]: 'LENOVO\n',
        [`${dmi}/product_name`]: '20XW\n',
        [`${dmi}/product_serial`]: 'To Be Filled By O.E.M.\n',
        [`${dmi}/product_uuid`]: 'ABCD-EF\n',
        [`${dmi}/chassis_asset_tag`]: 'No Asset Tag\n',
      }),
    );
    expect(machine).toEqual({ manufacturer: 'LENOVO', model: '20XW', uuid: 'abcd-ef' });
    expect(machineFacts(tree({ '/proc/device-tree/model': 'Raspberry Pi 4\0' }))?.model).toBe('Raspberry Pi 4');
  });

  it.each([
    ['3', 'desktop'],
    ['10', 'laptop'],
    ['23', 'server'],
    ['31', 'convertible'],
    ['1', undefined],
    ['2', undefined],
    ['99', undefined],
  ])('with chassis type %s of SMBIOS is a: %s', (type, expected) => {
    expect(machineFacts(tree({ [`${dmi}/chassis_type`]: `${type}\n`, [`${dmi}/sys_vendor`]: 'A' }))?.chassis).toBe(
      expected,
    );
  });

  const clocks = '/sys/devices/system/clocksource/clocksource0/available_clocksource';
  it.each<[string, Record<string, string>]>([
    ['none', { [`${dmi}/sys_vendor`]: 'LENOVO', '/proc/cpuinfo': 'flags\t\t: fpu vme\n' }],
    ['container', { '/.dockerenv': '', [`${dmi}/sys_vendor`]: 'QEMU' }],
    ['container', { '/proc/1/environ': 'PATH=/bin\0container=lxc\0' }],
    ['kvm', { [`${dmi}/sys_vendor`]: 'QEMU', [clocks]: 'kvm-clock tsc' }],
    ['qemu', { [`${dmi}/sys_vendor`]: 'QEMU', [clocks]: 'tsc hpet' }],
    ['vmware', { [`${dmi}/sys_vendor`]: 'VMware, Inc.' }],
    ['virtualbox', { [`${dmi}/sys_vendor`]: 'innotek GmbH', [clocks]: 'kvm-clock' }],
    ['hyperv', { [`${dmi}/sys_vendor`]: 'Microsoft Corporation', [`${dmi}/product_name`]: 'Virtual Machine' }],
    ['none', { [`${dmi}/sys_vendor`]: 'Microsoft Corporation', [`${dmi}/product_name`]: 'Surface Pro 9' }],
    ['xen', { '/sys/hypervisor/type': 'xen' }],
    ['other', { '/proc/cpuinfo': 'processor\t: 0\nflags\t\t: fpu hypervisor lahf\n' }],
  ])('runs in: %s', (expected, files) => {
    expect(virtualizationOf(tree(files))).toBe(expected);
  });

  it('was started by UEFI or BIOS, or nobody can tell', () => {
    const efi = tree({ '/sys/firmware/efi/fw_platform_size': '64' });
    expect(firmwareOf(efi, 'arm64', 'none')).toBe('uefi');
    expect(firmwareOf(tree({}), 'x64', 'none')).toBe('bios');
    expect(firmwareOf(tree({}), 'x64', 'container')).toBeUndefined();
    expect(firmwareOf(tree({}), 'arm64', 'none')).toBeUndefined();
  });

  it.each<[string, Record<string, string>]>([
    ['ac', { [`${supply}/AC/type`]: 'Mains', [`${supply}/AC/online`]: '1', [`${supply}/BAT0/type`]: 'Battery' }],
    ['battery', { [`${supply}/AC/type`]: 'Mains', [`${supply}/AC/online`]: '0', [`${supply}/BAT0/type`]: 'Battery' }],
    ['ac', { [`${supply}/mouse/type`]: 'Battery', [`${supply}/mouse/scope`]: 'Device' }],
    ['unknown', { '/sys/class/net/x': '' }],
  ])('has power from: %s', (expected, files) => {
    expect(powerOf(tree(files))).toBe(expected);
  });

  it('has a clock and a domain', () => {
    const path = '/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq';
    expect(highestMegahertz(tree({ [path]: '4700000\n' }))).toBe(4700);
    expect(domainOf(tree({ '/etc/sssd/sssd.conf': '[sssd]\ndomains = EXAMPLE.org, b\n' }), 'h.other.net')).toBe(
      'example.org',
    );
    expect(domainOf(tree({}), 'web.example.org')).toBe('example.org');
    expect(domainOf(tree({}), 'web')).toBeUndefined();
  });
});

describe('disks and file systems', () => {
  it('are real disks: no loops, optical drives or empty readers', () => {
    const block = (name: string, size: string, more: Record<string, string> = {}): Record<string, string> =>
      Object.fromEntries(Object.entries({ size, ...more }).map(([file, text]) => [`/sys/block/${name}/${file}`, text]));
    const disks = diskFacts(
      tree({
        ...block('sda', '4194304', { 'device/model': 'x', 'queue/rotational': '1' }),
        ...block('nvme0n1', '2048', { 'device/model': 'x', 'queue/rotational': '0' }),
        ...block('sdb', '0', { 'device/model': 'x' }),
        ...block('sr0', '2048', { 'device/model': 'x' }),
        ...block('loop0', '2048'),
        ...block('dm-0', '2048'),
      }),
    );
    expect(disks).toEqual([
      { name: 'nvme0n1', sizeMegabytes: 1, rotational: false },
      { name: 'sda', sizeMegabytes: 2048, rotational: true },
    ]);
  });

  it('are partitions of real disks', () => {
    const partitions = partitionFacts(
      tree({
        '/sys/block/sda/size': '8388608',
        '/sys/block/sda/device/model': 'x',
        '/sys/block/sda/sda1/size': '2097152',
        '/sys/block/sda/sda1/partition': '1',
        '/sys/block/sda/queue/size': '1',
        '/sys/block/loop0/size': '2048',
        '/sys/block/loop0/loop0p1/size': '2048',
        '/sys/block/loop0/loop0p1/partition': '1',
      }),
    );
    expect(partitions).toEqual([{ name: 'sda1', disk: 'sda', sizeMegabytes: 1024 }]);
  });

  it('are told with their type and the device below, where they have one', async () => {
    const mounts = `/dev/vda1 / ext4 rw 0 0\npool/home ${tmpdir()} zfs rw 0 0\n`;
    const facts = await filesystemFacts(tree({ '/proc/self/mounts': mounts, '/proc/filesystems': '\text4\n' }));
    expect(facts).toMatchObject([
      { mount: '/', type: 'ext4', device: '/dev/vda1' },
      { mount: tmpdir(), type: 'zfs' },
    ]);
    expect(facts[1]).not.toHaveProperty('device');
  });

  it('are mounts on disks, the last one over a place, never one of the network', () => {
    const mounts = [
      'proc /proc proc rw 0 0',
      '/dev/sda1 / ext4 rw 0 0',
      '/dev/sda2 /data\\040disk xfs rw 0 0',
      '/dev/sda3 /over xfs rw 0 0',
      'server:/x /over nfs4 rw 0 0',
      '/dev/loop1 /snap/x squashfs ro 0 0',
      'overlay /var/lib/docker/overlay2/x/merged overlay rw 0 0',
      'pool/home /home zfs rw 0 0',
    ].join('\n');
    const known = 'nodev\tproc\n\text4\n\txfs\n\tsquashfs\nnodev\tnfs4\nnodev\toverlay\nnodev\tzfs\n';
    expect(localMounts(mounts, known).map(({ mount }) => mount)).toEqual(['/', '/data disk', '/home']);
  });
});

describe('the network', () => {
  it('has cards with and without addresses, and no loopback', () => {
    const one = { netmask: '', cidr: null, internal: false, mac: '02:00:00:00:00:0A', family: 'IPv4' as const };
    const lo = { ...one, address: '127.0.0.1', internal: true, mac: '00:00:00:00:00:00' };
    const cards = tree({ '/sys/class/net/eth1/device/x': '', '/sys/class/net/eth1/address': '02:00:00:00:00:0b\n' });
    expect(networkFacts({ lo: [lo], eth0: [{ ...one, address: '10.0.0.1' }] }, cards)).toEqual([
      { name: 'eth0', mac: '02:00:00:00:00:0a', addresses: ['10.0.0.1'] },
      { name: 'eth1', mac: '02:00:00:00:00:0b', addresses: [] },
    ]);
    const lent = new Map([['eth0', true]]);
    expect(networkFacts({ eth0: [{ ...one, address: '10.0.0.1' }] }, undefined, lent)).toMatchObject([{ dhcp: true }]);
    const eth2 = { ...one, address: '10.1.2.77', netmask: '255.255.255.192', cidr: '10.1.2.77/26' };
    const six = { ...eth2, address: 'fd00::2', family: 'IPv6' as const, scopeid: 0, cidr: 'fd00::2/64' };
    expect(networkFacts({ eth2: [eth2, six] }, undefined)).toMatchObject([{ subnets: ['10.1.2.64/26'] }]);
    expect(networkFacts({ tun0: [{ ...lo, internal: false, address: '10.9.0.1' }] }, undefined)).toEqual([
      { name: 'tun0', addresses: ['10.9.0.1'] },
    ]);
  });
});
