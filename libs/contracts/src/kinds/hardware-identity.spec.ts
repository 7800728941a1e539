import { hardwareIdentitySchema, hardwareIds, hardwareOfFacts } from './hardware-identity.js';

const uuid = '4c4c4544-0042-3510-8054-b4c04f4e3132';

describe('the identity of hardware', () => {
  it('is the same however firmware tools and card makers write it', () => {
    for (const smbiosUuid of [uuid, uuid.toUpperCase(), `{${uuid}}`, ` ${uuid.replaceAll('-', '')} `]) {
      expect(hardwareIdentitySchema.parse({ smbiosUuid })).toEqual({ smbiosUuid: uuid });
    }
    for (const mac of ['00-1A-2B-3C-4D-5E', '001a.2b3c.4d5e', '001A2B3C4D5E', '00:1a:2b:3c:4d:5e']) {
      expect(hardwareIdentitySchema.parse({ macAddresses: [mac] })).toEqual({ macAddresses: ['00:1a:2b:3c:4d:5e'] });
    }
    expect(
      hardwareIdentitySchema.parse({ macAddresses: ['001A2B3C4D5E', '00:1a:2b:3c:4d:5e'] }).macAddresses,
    ).toHaveLength(1);
  });

  it('names something, and nothing that many computers share', () => {
    for (const wrong of [
      {},
      { smbiosUuid: 'Not Specified' },
      { smbiosUuid: '03000200-0400-0500-0006-000700080009' },
      { smbiosUuid: '0'.repeat(32) },
      { macAddresses: [] },
      { macAddresses: ['00:1a:2b:3c:4d'] },
      { macAddresses: ['FF-FF-FF-FF-FF-FF'] },
    ])
      expect(hardwareIdentitySchema.safeParse(wrong).success).toBe(false);
  });

  it('is compared as ids, of a document and of what a computer tells, firmware first', () => {
    const ids = [`smbios:${uuid}`, 'mac:00:1a:2b:3c:4d:5e'];
    expect(hardwareIds({ smbiosUuid: uuid, macAddresses: ['00:1a:2b:3c:4d:5e'] })).toEqual(ids);
    const network = [
      { name: 'eth0', mac: '00:1A:2B:3C:4D:5E', addresses: [] },
      { name: 'br0', mac: '00:1a:2b:3c:4d:5e', addresses: [] },
      { name: 'tun0', addresses: [] },
      { name: 'dummy', mac: '00:00:00:00:00:00', addresses: [] },
    ];
    expect(hardwareOfFacts({ machine: { uuid: uuid.toUpperCase() }, network })).toEqual(ids);
  });

  it('is not the firmware of the computer below a container', () => {
    expect(hardwareOfFacts({ machine: { uuid }, virtualization: 'container' })).toEqual([]);
  });
});
