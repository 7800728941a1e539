import { ImportRefusal } from '../refusal.js';
import { lookup } from '../lookup.js';

/** Encodings that writers of sequences use, as TextDecoder calls them. */
const encodings: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  ascii: 'utf-8',
  // A text that is read byte by byte and says UTF-16 was saved by a program that forgot to change its first line.
  'utf-16': 'utf-8',
  unicode: 'utf-8',
  'iso-8859-1': 'windows-1252',
  'iso-8859-15': 'iso-8859-15',
  'windows-1250': 'windows-1250',
  'windows-1251': 'windows-1251',
  'windows-1252': 'windows-1252',
};

/**
 * The text of XML bytes: by the byte order mark, by the pattern of its first bytes, by its declaration, else UTF-8.
 *
 * @throws ImportRefusal `import.empty`, `import.wrong-encoding`
 */
export function decodeText(bytes: Uint8Array): string {
  const [a, b, c, d] = bytes;
  if (a === undefined || bytes.every((byte) => byte === 0))
    throw new ImportRefusal('import.empty', 'the file is empty');
  const utf32 = (a === 0xff && b === 0xfe && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe && d === 0xff);
  if (utf32) throw new ImportRefusal('import.wrong-encoding', 'the file is UTF-32; save it as UTF-8');
  if (a === 0xef && b === 0xbb && c === 0xbf) return decode(bytes.subarray(3), 'utf-8', 'its byte order mark');
  if (a === 0xff && b === 0xfe) return decode(bytes.subarray(2), 'utf-16le', 'its byte order mark');
  if (a === 0xfe && b === 0xff) return decode(bytes.subarray(2), 'utf-16be', 'its byte order mark');
  if (a !== 0 && b === 0) return decode(bytes, 'utf-16le', 'its first bytes');
  if (a === 0 && b !== 0) return decode(bytes, 'utf-16be', 'its first bytes');
  const head = String.fromCharCode(...bytes.subarray(0, 2000));
  const declared = /<\?xml[^>]{0,200}\sencoding\s{0,10}=\s{0,10}["']([A-Za-z0-9._-]{1,40})["']/.exec(head)?.[1];
  if (declared === undefined) return decode(bytes, 'utf-8', 'it declares nothing, so it should be UTF-8');
  const encoding = lookup(encodings, declared.toLowerCase());
  if (encoding === undefined)
    throw new ImportRefusal('import.wrong-encoding', `the file declares the encoding "${declared}"; save it as UTF-8`);
  return decode(bytes, encoding, `its declaration "${declared}"`);
}

function decode(bytes: Uint8Array, encoding: string, reason: string): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    const message = `the bytes are not ${encoding} (${reason}); save the file as UTF-8`;
    throw new ImportRefusal('import.wrong-encoding', message);
  }
}
