/** One element. Names are compared without regard to case and prefix: writers differ. */
export interface XmlElement {
  /** Local name in lower case. */
  readonly name: string;
  /** As written. */
  readonly writtenName: string;
  /** By lower-case name. */
  readonly attributes: ReadonlyMap<string, XmlAttribute>;
  readonly children: XmlElement[];
  /** All text directly inside, entities replaced. */
  text: string;
  /** Line where it begins, counted from 1. */
  readonly line: number;
}

export interface XmlAttribute {
  /** As written. */
  readonly name: string;
  readonly value: string;
}

/** Elements of a sequence that become nodes. */
export const NODE_ELEMENTS: ReadonlySet<string> = new Set(['group', 'step', 'subtasksequence']);

/** The children of one name, in their order. */
export function childrenNamed(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** The first child of one name. */
export function childNamed(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

/** The value of an attribute; undefined when it is not there. The name in lower case. */
export function attribute(element: XmlElement, name: string): string | undefined {
  return element.attributes.get(name)?.value;
}

/** All elements of a tree, parents first; without recursion. */
export function* walkXml(root: XmlElement): Generator<XmlElement> {
  const open = [root];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    yield next;
    for (let index = next.children.length - 1; index >= 0; index--) {
      const child = next.children[index];
      if (child) open.push(child);
    }
  }
}

/** Writes an element again, for quoting it in a finding. */
export function quoteXml(element: XmlElement): string {
  const attributes = [...element.attributes.values()].map(({ name, value }) => ` ${name}="${escapeXml(value)}"`);
  const inner = element.children.map(quoteXml).join('') + escapeXml(element.text.trim());
  return `<${element.writtenName}${attributes.join('')}${inner === '' ? '/>' : `>${inner}</${element.writtenName}>`}`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
