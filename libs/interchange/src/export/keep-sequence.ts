import { utf8Length } from '@muster/sequence/findings.js';
import { LIMITS } from '@muster/sequence/limits.js';
import type { SequenceNode, SequenceSpec } from '@muster/sequence/model.js';
import type { FindingPlace } from '../findings.js';
import type { SequenceImport } from '../sequence-import.js';
import type { FoundSequence } from '../source/find-sequences.js';
import { FACTS_ANNOTATION } from './annotations.js';
import { annotationsOf, rest } from './keep-original.js';
import { referenceList } from './reference-list.js';
import { writeRoot } from './write-root.js';

const place: FindingPlace = { path: '', pointer: '/spec', line: 1 };

/**
 * The spec with what an export back needs beside its nodes: the rest of the `sequence` element, and facts of the object around it. When that
 * makes it too large to be stored, all annotations are left out and a finding says so.
 */
export function keepSequence(spec: SequenceSpec, found: FoundSequence, into: SequenceImport): SequenceSpec {
  const written = writeRoot(spec, found.origin, Object.entries(spec.variables ?? {}), referenceList(spec.steps));
  const annotations = { ...annotationsOf(rest(found.root, written, place, into), {}, place, into) };
  const facts = JSON.stringify(into.scrub({ ...found.otherFacts }, place, 'the original', true));
  if (facts !== '{}' && facts.length <= LIMITS.annotationLength) annotations[FACTS_ANNOTATION] = facts;
  const { steps, ...properties } = spec;
  const kept = Object.keys(annotations).length === 0 ? spec : { ...properties, annotations, steps };
  if (utf8Length(JSON.stringify(kept)) <= LIMITS.sequenceBytes) return kept;
  const message =
    'what is kept of the original would make the sequence too large; an export back is made of its fields alone';
  into.find(place, 'note', 'import.original-not-kept', message);
  return { ...spec, steps: spec.steps.map(withoutAnnotations) };
}

function withoutAnnotations(node: SequenceNode): SequenceNode {
  const { annotations: _, ...rest } = node;
  return ('steps' in rest ? { ...rest, steps: rest.steps.map(withoutAnnotations) } : rest) as SequenceNode;
}
