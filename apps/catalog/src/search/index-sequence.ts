import type { ReferenceKind } from '@muster/contracts/kinds/sequence-search.js';
import { nodePaths } from '@muster/sequence/edit/node-paths.js';
import { propertyTexts, type SearchedText, sequenceWords } from '@muster/sequence/edit/search-words.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { collectReferences } from '@muster/sequence/references.js';

/** Raise it when other words or references are found than before: what is stored is then made again at the next start. */
export const INDEX_VERSION = 1;

/** Of the different words of one sequence so many bytes are kept; a text vector of Postgres has 1 MB at most. */
const MOST_WORD_BYTES = 400_000;

export interface SequenceIndex {
  readonly references: readonly {
    readonly kind: ReferenceKind;
    readonly name: string;
    readonly program?: string | undefined;
    readonly path: string;
    readonly pointer: string;
    readonly disabled: boolean;
  }[];
  readonly words: readonly string[];
}

/** What of a sequence is searched besides its specification. */
export interface SearchedMetadata {
  readonly name: string;
  readonly displayName?: string | undefined;
  readonly folder?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** What is looked up of a sequence. */
export function indexSequence(metadata: SearchedMetadata, spec: SequenceSpec): SequenceIndex {
  const paths = new Map(nodePaths(spec).map(({ path, pointer }) => [pointer, path]));
  return {
    references: collectReferences(spec).map(({ path: pointer, disabled, reference }) => ({
      ...reference,
      path: paths.get(pointer) ?? pointer,
      pointer,
      disabled,
    })),
    words: sequenceWords(spec, metadataTexts(metadata), MOST_WORD_BYTES),
  };
}

/** The texts of the sequence as a whole. */
export function sequenceTexts(metadata: SearchedMetadata, spec: SequenceSpec): SearchedText[] {
  return [...metadataTexts(metadata), ...propertyTexts(spec)];
}

function metadataTexts({ name, displayName, folder, labels = {} }: SearchedMetadata): SearchedText[] {
  return [
    { where: 'name', text: name },
    { where: 'name', text: displayName ?? '' },
    { where: 'folder', text: folder ?? '' },
    ...Object.entries(labels).map(([key, value]) => ({ where: 'label' as const, text: `${key} ${value}` })),
  ];
}
