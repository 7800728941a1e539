import { lookup } from '../lookup.js';

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** The text with the five entities of XML and character references replaced, or the first one that cannot be. */
export function decodeEntities(raw: string): { text: string } | { problem: string; index: number } {
  let problem: { problem: string; index: number } | undefined;
  const text = raw.replace(/&([^;&\s]{0,12});?/g, (written: string, body: string, index: number) => {
    const replacement = written.endsWith(';') ? replacementOf(body) : undefined;
    if (replacement === undefined) problem ??= { problem: `"${written.slice(0, 20)}" is no entity of XML`, index };
    return replacement ?? '';
  });
  return problem ?? { text };
}

function replacementOf(body: string): string | undefined {
  if (!body.startsWith('#')) return lookup(named, body);
  const code = /^#x[0-9a-f]+$/i.test(body)
    ? parseInt(body.slice(2), 16)
    : /^#\d+$/.test(body)
      ? Number(body.slice(1))
      : 0;
  const usable = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return usable ? String.fromCodePoint(code) : undefined;
}
