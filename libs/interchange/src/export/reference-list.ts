import { isGroup, type SequenceNode } from '@muster/sequence/model.js';
import { collectReferences } from '@muster/sequence/references.js';
import { newElement } from '../xml/write-xml.js';
import type { XmlElement } from '../xml/xml-element.js';
import { IDS_ANNOTATION, textsIn } from './annotations.js';
import { stableXml } from './compare.js';

/** Ids that an import writes where the original named nothing: they are no ids. */
export const NO_IDS: ReadonlySet<string> = new Set(['to-choose', 'mdt-scripts', 'user-state-migration-tool']);

/**
 * What the steps refer to, each once: their list of references is derived from the steps, here as there.
 *
 * @param bind ids of the other site by names of this one
 */
export function referenceList(
  steps: readonly SequenceNode[],
  bind: ReadonlyMap<string, string> = new Map(),
): XmlElement[] {
  const entries = new Map<string, XmlElement>();
  const visit = (node: SequenceNode): void => {
    if (isGroup(node)) return node.steps.forEach(visit);
    const ids = textsIn(node.annotations, IDS_ANNOTATION);
    for (const { reference } of collectReferences({ steps: [{ ...node, disabled: false }] })) {
      const id = bind.get(reference.name) ?? (Object.hasOwn(ids, reference.name) ? ids[reference.name] : undefined);
      if (id === undefined || NO_IDS.has(id) || reference.kind === 'TaskSequence') continue;
      const program = 'program' in reference ? reference.program : undefined;
      const attributes = reference.kind === 'Application' ? { application: id } : { package: id, program };
      const entry = newElement('reference', attributes);
      entries.set(stableXml(entry), entry);
    }
  };
  steps.forEach(visit);
  return [...entries.values()];
}
