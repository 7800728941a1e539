/** A tree of elements: text, a number or flag, a list of equally named elements, or nested elements. */
export type XmlContent = string | number | boolean | XmlElements;
export interface XmlElements {
  readonly [name: string]: XmlContent | readonly XmlContent[] | undefined;
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** Escapes text for an element. CR, LF and TAB become references, because XML parsers normalise the bare characters. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\t\n\r]/g, (c) => ESCAPES[c] ?? `&#${c.charCodeAt(0)};`);
}

/**
 * Renders one XML document. Undefined values are left out, lists repeat their element.
 * @param namespace value of the root's `xmlns`, if any
 */
export function renderXml(root: string, content: XmlContent, namespace?: string): string {
  const attribute = namespace === undefined ? '' : ` xmlns="${escapeXml(namespace)}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${renderContent(content)}</${root}>`;
}

/** Namespace of every S3 answer that is not an error. */
export const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

function renderElements(elements: XmlElements): string {
  let out = '';
  for (const [name, value] of Object.entries(elements)) {
    if (value === undefined) continue;
    const items: readonly XmlContent[] = Array.isArray(value) ? value : [value as XmlContent];
    for (const item of items) out += `<${name}>${renderContent(item)}</${name}>`;
  }
  return out;
}

function renderContent(content: XmlContent): string {
  return typeof content === 'object' ? renderElements(content) : escapeXml(String(content));
}
