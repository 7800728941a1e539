import type { ImportResult } from './import-files.js';
import type { SequenceCounts } from './import-sequence.js';
import type { TypeCount } from './sequence-import.js';

/** Everything of an import, added up. */
export interface ImportTotals extends SequenceCounts {
  readonly files: number;
  /** Files that gave sequences and nothing that had to be refused. */
  readonly parsed: number;
  readonly refused: number;
  readonly notSequences: number;
  readonly sequences: number;
  /** Exactly or with a note. */
  readonly mapped: number;
  readonly types: readonly TypeCount[];
}

const none: SequenceCounts = {
  groups: 0,
  steps: 0,
  sequenceCalls: 0,
  conditions: 0,
  expressions: 0,
  disabled: 0,
  mappedExactly: 0,
  mappedWithNote: 0,
  unmapped: 0,
  dropped: 0,
};

/** Adds up the counts of all files; types with most steps first. */
export function importTotals({ files }: ImportResult): ImportTotals {
  const sequences = files.flatMap((file) => file.sequences);
  const counts: Record<keyof SequenceCounts, number> = { ...none };
  const types = new Map<string, TypeCount>();
  for (const sequence of sequences) {
    for (const name of Object.keys(none) as (keyof SequenceCounts)[]) counts[name] += sequence.counts[name];
    for (const one of sequence.types) {
      const sum = types.get(one.type) ?? { type: one.type, became: [], exactly: 0, withNote: 0, unmapped: 0 };
      for (const became of one.became) if (!sum.became.includes(became)) sum.became.push(became);
      sum.exactly += one.exactly;
      sum.withNote += one.withNote;
      sum.unmapped += one.unmapped;
      types.set(one.type, sum);
    }
  }
  const size = ({ exactly, withNote, unmapped }: TypeCount): number => exactly + withNote + unmapped;
  const outcome = (wanted: string): number => files.filter((file) => file.outcome === wanted).length;
  return {
    files: files.length,
    parsed: outcome('imported'),
    refused: outcome('refused'),
    notSequences: outcome('not-a-sequence'),
    sequences: sequences.length,
    ...counts,
    mapped: counts.mappedExactly + counts.mappedWithNote,
    types: [...types.values()].sort((a, b) => size(b) - size(a) || a.type.localeCompare(b.type, 'en')),
  };
}
