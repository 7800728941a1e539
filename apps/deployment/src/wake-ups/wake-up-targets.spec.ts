import { magicPacket } from '@muster/contracts/agent/wake-up.js';
import { packetsFor, type WakeUpMode } from './wake-up-targets.js';

const mac = '02:fc:00:00:00:0a';
const card = (addresses: string[], subnets?: string[]) => [
  { name: 'eth0', mac, addresses, ...(subnets && { subnets }) },
];
const to = (network: Parameters<typeof packetsFor>[0], mode: WakeUpMode): string[] =>
  packetsFor(network, mode).map(({ address }) => address);

describe('a wake-up packet', () => {
  it('is six times FF and sixteen times the MAC', () => {
    const bytes = magicPacket(mac).toString('hex');
    expect(bytes).toBe(`ffffffffffff${'02fc0000000a'.repeat(16)}`);
    expect(bytes).toHaveLength(204);
  });

  it.each<[string, string[], string[] | undefined, WakeUpMode, string[]]>([
    ['the last address', ['10.1.2.3'], ['10.1.2.0/24'], 'unicast', ['10.1.2.3']],
    ['the broadcast address of the subnet', ['10.1.2.3'], ['10.1.2.0/24'], 'broadcast', ['10.1.2.255']],
    ['that of an odd subnet', ['172.16.9.70'], ['172.16.9.64/27'], 'broadcast', ['172.16.9.95']],
    ['one broadcast address once', ['10.1.2.3', '10.1.2.4'], ['10.1.2.0/24'], 'broadcast', ['10.1.2.255']],
    ['the address where the subnet is not known', ['10.1.2.3'], undefined, 'broadcast', ['10.1.2.3']],
    ['the address where the subnet is another one', ['10.1.2.3'], ['10.9.0.0/16'], 'broadcast', ['10.1.2.3']],
    ['the address where the subnet is everything', ['10.1.2.3'], ['0.0.0.0/0'], 'broadcast', ['10.1.2.3']],
    [
      'nothing but computers of a network',
      ['127.0.0.1', '169.254.1.1', '224.0.0.1', '255.255.255.255', 'fe80::1', 'x'],
      undefined,
      'unicast',
      [],
    ],
  ])('goes to %s', (_what, addresses, subnets, mode, expected) => {
    expect(to(card(addresses, subnets), mode)).toEqual(expected);
  });

  it('is not sent to a card without a MAC', () => {
    expect(packetsFor([{ name: 'tun0', addresses: ['10.1.2.3'] }], 'unicast')).toEqual([]);
    expect(packetsFor([{ name: 'x', mac: 'none', addresses: ['10.1.2.3'] }], 'unicast')).toEqual([]);
  });
});
