import { ComputersOfFiles } from '../../test/computer-of-files.js';
import { lentAddresses } from './lent-addresses.js';
import { type ProgramOutput, thisSystem } from './system.js';

const computers = new ComputersOfFiles();
afterAll(() => computers.remove());

const saying = (said: Partial<ProgramOutput> | undefined) => ({
  ...thisSystem,
  run: async () => said && { exitCode: 0, standardOutput: '', standardError: '', ...said },
});
/** As iproute2 6.1 says it. */
const link = (ifindex: number, ifname: string, ...addresses: object[]) => ({ ifindex, ifname, addr_info: addresses });
const address = (more: object = {}) => ({ family: 'inet', local: '10.0.0.7', prefixlen: 24, ...more });

describe('addresses that are lent', () => {
  it('have a time until which they are valid, or a lease of systemd-networkd', async () => {
    const links = [
      link(2, 'eth0', address({ dynamic: true, valid_life_time: 86_000 })),
      link(3, 'eth1', address({ valid_life_time: 4_294_967_295 })),
      link(4, 'eth2', address({ valid_life_time: 4_294_967_295 })),
      link(5, 'eth3'),
      {},
    ];
    const tree = computers.make({ '/run/systemd/netif/leases/4': 'ADDRESS=10.0.0.7\n' });
    const lent = await lentAddresses(saying({ standardOutput: JSON.stringify(links) }), tree);
    expect([...lent]).toEqual([
      ['eth0', true],
      ['eth1', false],
      ['eth2', true],
    ]);
  });

  it.each([
    ['there is no ip', undefined],
    ['ip knows no JSON', { exitCode: 255, standardError: 'Option "-json" is unknown' }],
    ['ip says something else', { standardOutput: 'inet 10.0.0.7/24' }],
  ])('are not known where %s', async (_, said) => {
    expect(await lentAddresses(saying(said), computers.make({}))).toEqual(new Map());
  });
});
