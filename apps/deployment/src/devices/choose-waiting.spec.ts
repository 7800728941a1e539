import { chooseWaiting } from './choose-waiting.js';

const uuid = '4c4c4544-0042-3510-8054-b4c04f4e3132';
const mac = '00:1a:2b:3c:4d:5e';
const facts = { machine: { uuid }, network: [{ name: 'eth0', mac, addresses: [] }] };
const named = (hardware: string, name: string, enrolled = false) => ({ hardware, name, enrolled, uid: name });

describe('the record that a computer takes over', () => {
  it('is the one of its firmware, then the one of a network card, then the one of its name', () => {
    const byCard = named(`mac:${mac}`, 'by-card');
    const namesake = { name: 'by-name', identity: undefined };
    expect(chooseWaiting(facts, [byCard, named(`smbios:${uuid}`, 'by-firmware')], namesake)).toBe('by-firmware');
    expect(chooseWaiting(facts, [byCard], namesake)).toBe('by-card');
    expect(chooseWaiting(facts, [], namesake)).toBe('by-name');
    expect(chooseWaiting(facts, [], undefined)).toBeUndefined();
  });

  it('is none that has its device already', () => {
    expect(chooseWaiting(facts, [named(`mac:${mac}`, 'taken', true)], undefined)).toBeUndefined();
  });

  it('is not the one of its name when that one waits for other hardware', () => {
    const namesake = { name: 'web-1', identity: { macAddresses: ['00:1a:2b:00:00:01'] } };
    expect(chooseWaiting(facts, [], namesake)).toBeUndefined();
  });
});
