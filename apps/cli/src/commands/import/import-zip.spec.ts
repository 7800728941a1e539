import { ImportRefusal } from '@muster/interchange/refusal.js';
import { makeZip, type MadeMember } from '../../../test/make-zip.js';
import { looksLikeZip, readZip } from './import-zip.js';

/** Reads all members; the code of what is refused. */
function codeOf(bytes: Buffer): string {
  try {
    for (const entry of readZip(bytes)) entry.read();
  } catch (error) {
    if (error instanceof ImportRefusal) return error.code;
    throw error;
  }
  return 'read';
}

const good: MadeMember = { name: 'a.xml', content: '<a/>' };

describe('reading an archive', () => {
  it('gives stored and packed members, without folders', () => {
    const zip = makeZip([
      { name: 'f/', content: '' },
      good,
      { name: 'f\\b.xml', content: 'b'.repeat(5000), deflated: true },
    ]);
    expect(looksLikeZip(zip)).toBe(true);
    expect(
      readZip(zip).map((entry) => [entry.path, entry.size, Buffer.from(entry.read()).toString().slice(0, 4)]),
    ).toEqual([
      ['a.xml', 4, '<a/>'],
      ['f/b.xml', 5000, 'bbbb'],
    ]);
  });

  it('finds the end behind a comment, and an archive without members', () => {
    const zip = makeZip([good]);
    zip.writeUInt16LE(7, zip.length - 2);
    expect(codeOf(Buffer.concat([zip, Buffer.from('comment')]))).toBe('read');
    expect(readZip(makeZip([]))).toEqual([]);
  });

  it.each<[string, Buffer, string]>([
    ['a name that climbs', makeZip([{ ...good, name: '../../etc/passwd.xml' }]), 'import.zip-unsafe-name'],
    ['a name that climbs with backslashes', makeZip([{ ...good, name: 'a\\..\\..\\b.xml' }]), 'import.zip-unsafe-name'],
    ['an absolute name', makeZip([{ ...good, name: '/etc/a.xml' }]), 'import.zip-unsafe-name'],
    ['a drive', makeZip([{ ...good, name: 'C:/a.xml' }]), 'import.zip-unsafe-name'],
    ['a name with a line break', makeZip([{ ...good, name: 'a\nb.xml' }]), 'import.zip-unsafe-name'],
    ['a link', makeZip([{ ...good, unixMode: 0o120777 }]), 'import.zip-unsafe-name'],
    ['an encrypted member', makeZip([{ ...good, flags: 1 }]), 'import.zip-unsupported'],
    ['a method nobody uses', makeZip([{ ...good, method: 12 }]), 'import.zip-unsupported'],
    ['a zip64 member', makeZip([{ ...good, size: 0xffffffff }]), 'import.zip-unsupported'],
    ['a wrong checksum', makeZip([{ ...good, crc: 1 }]), 'import.zip-corrupt'],
    [
      'a member longer than it says',
      makeZip([{ name: 'a', content: 'x'.repeat(9000), deflated: true, size: 10 }]),
      'import.zip-corrupt',
    ],
    ['a member shorter than it says', makeZip([{ ...good, size: 10 }]), 'import.zip-corrupt'],
    ['packed nonsense', makeZip([{ ...good, method: 8 }]), 'import.zip-corrupt'],
    ['members that share bytes', makeZip([good, { ...good, name: 'b.xml', offset: 0 }]), 'import.zip-bomb'],
    ['a member that says it is huge', makeZip([{ ...good, size: 40_000_000, deflated: true }]), 'import.zip-bomb'],
    [
      'a member that grows a thousandfold',
      makeZip([{ name: 'a', content: Buffer.alloc(20_000_000), deflated: true }]),
      'import.zip-bomb',
    ],
    ['a directory outside of the file', makeZip([{ ...good, offset: 5000 }]), 'import.zip-corrupt'],
    ['no end', makeZip([good]).subarray(0, 40), 'import.zip-corrupt'],
    ['half an end', makeZip([good]).subarray(0, -5), 'import.zip-corrupt'],
    ['nothing but a beginning', Buffer.from('PK\u0003\u0004'), 'import.zip-corrupt'],
  ])('refuses %s', (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  it('counts all members together, and refuses too many', () => {
    const noise = Buffer.alloc(15_000_000, 'ab cd ef gh');
    const members = Array.from({ length: 10 }, (_, index) => ({ name: `${index}`, content: noise }));
    expect(codeOf(makeZip(members))).toBe('import.zip-bomb');
    const many = makeZip(Array.from({ length: 10_001 }, (_, index) => ({ name: `${index}`, content: '' })));
    expect(codeOf(many)).toBe('import.zip-bomb');
  });
});
