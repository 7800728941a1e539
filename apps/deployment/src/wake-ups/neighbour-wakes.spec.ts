import { neighbourWakes, sleepingCards } from './neighbour-wakes.js';

const mac = '02:fc:00:00:00:0a';

describe('packets that neighbours send', () => {
  it('are for cards of which a subnet with a broadcast address is known', () => {
    const network = [
      { name: 'eth0', mac, addresses: ['10.1.2.3'], subnets: ['10.1.2.0/24', '10.1.2.0/24', '10.0.0.0/31', 'x'] },
      { name: 'eth1', mac: 'none', addresses: [], subnets: ['10.9.0.0/16'] },
      { name: 'tun0', addresses: [], subnets: ['10.8.0.0/16'] },
    ];
    expect(sleepingCards(network)).toEqual([{ mac, subnet: '10.1.2.0/24' }]);
  });

  it('go to the broadcast address of the subnet, and are asked of those in it who are awake', () => {
    const cards = [
      { mac, subnet: '10.1.2.0/24' },
      { mac, subnet: '10.1.2.0/24' },
      { mac: '02:fc:00:00:00:0b', subnet: '172.16.9.64/27' },
    ];
    expect(neighbourWakes(cards, new Map([['10.1.2.0/24', ['a', 'b']]]), 9)).toEqual([
      { devices: ['a', 'b'], packets: [{ mac, address: '10.1.2.255', port: 9 }] },
    ]);
  });

  it('are no more in one question than an agent takes', () => {
    const cards = Array.from({ length: 70 }, (_, index) => ({
      mac: `02:fc:00:00:00:${index.toString(16).padStart(2, '0')}`,
      subnet: '10.1.2.0/24',
    }));
    const wakes = neighbourWakes(cards, new Map([['10.1.2.0/24', ['a']]]), 9);
    expect(wakes.map(({ packets }) => packets.length)).toEqual([30, 30, 10]);
  });
});
