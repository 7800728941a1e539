import { NotRepresentable } from './mapping.js';

/**
 * The text of an inline script: base64 of UTF-16LE with a byte order mark. Line ends become `\n`, so that documents stay readable;
 * a signed script keeps them, for its signature covers them.
 *
 * @throws NotRepresentable when it is none of that
 */
export function decodeScript(base64: string): string {
  let binary: string;
  try {
    binary = atob(base64.replace(/\s+/g, ''));
  } catch {
    throw new NotRepresentable('its inline script is not base64');
  }
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const wide =
    bytes.length % 2 === 0 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes.length > 1 && bytes[1] === 0));
  let script: string;
  try {
    script = new TextDecoder(wide ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new NotRepresentable('its inline script is neither UTF-16 nor UTF-8');
  }
  return /^# SIG # Begin signature block/m.test(script) ? script : script.replace(/\r\n?/g, '\n');
}

/** A script as inline scripts are written: with the line ends of Windows, unless it has some already. */
export function encodeScript(script: string): string {
  const text = `\ufeff${script.includes('\r') ? script : script.replaceAll('\n', '\r\n')}`;
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += 8192) {
    const piece = text.slice(at, at + 8192);
    const bytes = Array.from(
      { length: piece.length * 2 },
      (_, index) => (piece.charCodeAt(index >> 1) >> (index % 2 === 0 ? 0 : 8)) & 0xff,
    );
    pieces.push(String.fromCharCode(...bytes));
  }
  return btoa(pieces.join(''));
}
