import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { ownBroadcasts, sendPackets } from './send-packets.js';

const mac = '02:fc:00:00:00:0a';
const card = (cidr: string, internal = false, family: 'IPv4' | 'IPv6' = 'IPv4') =>
  ({ address: cidr.split('/')[0], cidr, internal, family, netmask: '', mac, scopeid: 0 }) as never;

describe('packets that wake neighbours', () => {
  it('go to networks of this computer only, and loopback is none', () => {
    const interfaces = {
      lo: [card('127.0.0.1/8', true)],
      eth0: [card('192.0.2.77/26'), card('fe80::1/64', false, 'IPv6')],
      tun0: [card('10.8.0.1/32')],
    };
    expect([...ownBroadcasts(interfaces)]).toEqual(['192.0.2.127']);
  });

  const [broadcast] = ownBroadcasts();
  (broadcast === undefined ? it.skip : it)('arrive as 102 bytes at whoever listens in that network', async () => {
    const socket = createSocket('udp4');
    const came = once(socket, 'message');
    socket.bind(0);
    await once(socket, 'listening');
    try {
      const { port } = socket.address();
      const elsewhere = { mac, address: '198.51.100.255', port };
      expect(await sendPackets([elsewhere, { mac, address: broadcast ?? '', port }])).toBe(1);
      const [bytes] = (await came) as [Buffer];
      expect(bytes.toString('hex')).toBe(`ffffffffffff${'02fc0000000a'.repeat(16)}`);
    } finally {
      socket.close();
    }
  });
});
