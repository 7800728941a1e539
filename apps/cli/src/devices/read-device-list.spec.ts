import { readDeviceList } from './read-device-list.js';

const read = (text: string) => readDeviceList('list.csv', Buffer.from(text));
const uuid = '4c4c4544-0042-3510-8054-b4c04f4e3132';

describe('a list of devices', () => {
  it('has columns in any order, and says nothing where a cell is empty', () => {
    const { devices, problems } = read(
      '\ufeffDescription, Name ,MAC address,smbios,variable:Ring,hidden:Token,label:room\r\n' +
        `"Front, left",FRONT-1,00-1A-2B-3C-4D-5E 001a2b3c4d5f,${uuid.toUpperCase()},pilot,s3cret,b-204\r\n` +
        '\r\n,,,,,,\r\n' +
        ',front-2,,,,,\r\n',
    );
    expect(problems).toEqual([]);
    expect(devices).toEqual([
      {
        line: 2,
        device: {
          name: 'front-1',
          description: 'Front, left',
          identity: { smbiosUuid: uuid, macAddresses: ['00:1a:2b:3c:4d:5e', '00:1a:2b:3c:4d:5f'] },
          labels: { room: 'b-204' },
          variables: [
            { name: 'Ring', value: 'pilot' },
            { name: 'Token', value: 's3cret', hidden: true },
          ],
        },
      },
      { line: 5, device: { name: 'front-2' } },
    ]);
  });

  it('may be parted by semicolons, as spreadsheets write it where the comma is in numbers', () => {
    expect(read('name;description\nweb-1;a, b\n').devices).toEqual([
      { line: 2, device: { name: 'web-1', description: 'a, b' } },
    ]);
  });

  it('keeps a variable hidden whose name says that it is a password', () => {
    const [first] = read('name,variable:OSDJoinPassword\nweb-1,s3cret\n').devices;
    expect(first?.device.variables).toEqual([{ name: 'OSDJoinPassword', value: 's3cret', hidden: true }]);
  });

  it('tells every wrong line, and what is there twice where it is there again', () => {
    const { devices, problems } = read(
      'name,mac\nweb_1,\nweb-2,00:11\nweb-3,00:1a:2b:3c:4d:5e\nweb-3,\nweb-4,001A2B3C4D5E\nweb-5\nweb-6,\n',
    );
    expect(devices.map(({ device }) => device.name)).toEqual(['web-3', 'web-6']);
    expect(problems).toEqual([
      { line: 2, message: expect.stringContaining('name: a name has 1 to 63') },
      { line: 3, message: 'identity.macAddresses.0: a MAC address has 12 hex digits' },
      { line: 5, message: 'the name "web-3" is in line 4 already' },
      { line: 6, message: 'mac 00:1a:2b:3c:4d:5e is in line 4 already' },
      { line: 7, message: 'it has 1 cells, the header has 2' },
    ]);
  });

  it.each([
    ['', 'it is empty'],
    ['mac\n00:1a:2b:3c:4d:5e\n', 'no column "name"'],
    ['name,colour\n', 'there is no column "colour"'],
    ['name,Host Name\n', 'twice'],
    ['name\n"web', 'Quote Not Closed'],
  ])('is refused as a whole when there is no telling what it says: %j', (text, why) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ code: 'device-list.invalid', message: expect.stringContaining(why) }),
    );
  });
});
