import { addressOf, judgeAddress, toBlockList } from './judge-address.js';

const none = toBlockList([]);

describe('an address of a webhook', () => {
  it.each(['93.184.216.34', '2606:2800:220:1::1', '8.8.8.8', '172.32.0.1', '::ffff:8.8.8.8'])('%s is public', (one) => {
    expect(judgeAddress(one, none)).toBe('public');
  });

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:a9fe:a9fe',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'not-an-address',
    '',
  ])('%s is refused', (one) => {
    expect(judgeAddress(one, none)).toBe('refused');
  });

  it('is allowed where the site says so, and only there', () => {
    const allowed = toBlockList(['10.1.0.0/16', 'fd12::/16']);
    expect(['10.1.2.3', '::ffff:10.1.2.3', 'fd12::5'].map((one) => judgeAddress(one, allowed))).toEqual([
      'allowed',
      'allowed',
      'allowed',
    ]);
    expect(['10.2.0.1', 'fd13::5', '127.0.0.1'].map((one) => judgeAddress(one, allowed))).toEqual([
      'refused',
      'refused',
      'refused',
    ]);
  });

  it('is found in a URL in whatever way it is written', () => {
    const of = (url: string) => addressOf(new URL(url).hostname);
    expect(of('https://127.1/')).toBe('127.0.0.1');
    expect(of('https://0x7f000001/')).toBe('127.0.0.1');
    expect(of('https://2130706433/')).toBe('127.0.0.1');
    expect(of('https://[::ffff:127.0.0.1]/')).toBe('::ffff:7f00:1');
    expect(of('https://example.org/')).toBeUndefined();
  });
});
