import type { XmlAttribute, XmlElement } from './xml-element.js';

/** An element that is made here; attributes without a value are left out. */
export function newElement(
  writtenName: string,
  attributes: Readonly<Record<string, string | undefined>> = {},
  children: readonly XmlElement[] = [],
  text = '',
): XmlElement {
  const given = new Map<string, XmlAttribute>();
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined) given.set(name.toLowerCase(), { name, value });
  }
  return {
    name: writtenName.slice(writtenName.lastIndexOf(':') + 1).toLowerCase(),
    writtenName,
    attributes: given,
    children: [...children],
    text,
    line: 0,
  };
}

/**
 * Writes an element so that every reader of XML finds what was put in: line breaks in attributes and carriage returns are character
 * references, characters that XML cannot have are U+FFFD. Text stands before the elements inside.
 *
 * @param indent of children, when people shall read it; text is never broken
 */
export function writeXml(element: XmlElement, indent?: string): string {
  return written(element, indent === undefined ? undefined : '\n', indent ?? '');
}

function written(element: XmlElement, lineStart: string | undefined, indent: string): string {
  let text = `<${element.writtenName}`;
  for (const { name, value } of element.attributes.values()) text += ` ${name}="${escapedAttribute(value)}"`;
  if (element.text === '' && element.children.length === 0) return `${text} />`;
  text += `>${escaped(element.text)}`;
  const inside = lineStart === undefined ? undefined : lineStart + indent;
  for (const child of element.children) text += (inside ?? '') + written(child, inside, indent);
  if (lineStart !== undefined && element.children.length > 0) text += lineStart;
  return `${text}</${element.writtenName}>`;
}

function escapedAttribute(value: string): string {
  return escaped(value).replace(/[\t\n]/g, (one) => (one === '\t' ? '&#9;' : '&#10;'));
}

const special: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

// oxlint-disable-next-line no-control-regex
const impossible = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const halves = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Most texts are nothing but these. */
const ordinary = /^[\t\n !#-%'-;=?-~\u00a0-\u2fff]*$/;

function escaped(text: string): string {
  if (ordinary.test(text)) return text;
  return text
    .replace(impossible, '\ufffd')
    .replace(halves, '\ufffd')
    .replace(/[&<>"\r]/g, (one) => special[one] ?? one);
}
