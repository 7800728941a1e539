import type { Annotations, SequenceNode } from '@muster/sequence/model.js';
import { parseXml } from '../xml/parse-xml.js';
import { ImportRefusal } from '../refusal.js';
import type { XmlElement } from '../xml/xml-element.js';

/** What of the original no field of ours says, as its element: attributes, variables, condition, elements nobody knows. */
export const XML_ANNOTATION = 'import/xml';
/** Ids of the other site by the names that stand in the node, as JSON. */
export const IDS_ANNOTATION = 'import/ids';
/** Facts of the exported object beside its sequence, as JSON; of the sequence itself only. */
export const FACTS_ANNOTATION = 'import/facts';

/** The rest of the original; undefined when there is none, or when somebody made something else of it. */
export function originalOf(annotations: Annotations | undefined): XmlElement | undefined {
  const xml = annotations?.[XML_ANNOTATION];
  if (xml === undefined) return undefined;
  try {
    return parseXml(xml);
  } catch (error) {
    if (error instanceof ImportRefusal) return undefined;
    throw error;
  }
}

/** A JSON object of texts in an annotation; empty when it is none. */
export function textsIn(annotations: Annotations | undefined, name: string): Readonly<Record<string, string>> {
  try {
    const value: unknown = JSON.parse(annotations?.[name] ?? '{}');
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter(([, text]) => typeof text === 'string'));
  } catch {
    return {};
  }
}

/** A node without its annotations; what is inside keeps them. */
export function bare<Node extends SequenceNode>(node: Node): Node {
  const { annotations: _, ...rest } = node;
  return rest as Node;
}
