import { collectReferences } from '@muster/sequence/references.js';
import { findCircles } from './find-circles.js';
import { importSequence, type ImportedSequence, type SequenceWish } from './import-sequence.js';
import { ImportRefusal } from './refusal.js';
import { dnsLabel, type ReferenceKnowledge } from './references.js';
import { type FoundSequence, type Recognised, recognise } from './source/find-sequences.js';

/** One text of a file: the file itself, or a member of an archive. */
export interface SourceMember {
  /** Path inside the archive; the name of the file when there is none. */
  readonly path: string;
  /** Its bytes, or why there are none. */
  readonly bytes: Uint8Array | ImportRefusal;
}

/** A file to import. */
export interface SourceFile {
  /** How messages call it. */
  readonly label: string;
  readonly archive: boolean;
  /** Its members, or why it cannot be opened. */
  readonly members: readonly SourceMember[] | ImportRefusal;
}

export interface ImportOptions {
  /** What ids, or placeholders, are called here. */
  readonly bind?: Readonly<Record<string, string>> | undefined;
}

/** A member of an archive that gave no sequence. */
export interface OtherMember {
  readonly path: string;
  /** What it is, or why it was refused. */
  readonly what: string;
  /** Of a refusal. */
  readonly code?: string | undefined;
}

/** What became of one file. */
export interface ImportedFile {
  readonly file: string;
  readonly outcome: 'imported' | 'not-a-sequence' | 'refused';
  /** Of a file that was not imported. */
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly sequences: readonly ImportedSequence[];
  readonly others: readonly OtherMember[];
}

export interface ImportResult {
  readonly files: readonly ImportedFile[];
  /** Entries of `bind` that nothing had use for. */
  readonly unusedBindings: readonly string[];
}

interface Opened {
  readonly file: SourceFile;
  readonly found: { readonly member: string; readonly sequence: FoundSequence }[];
  readonly others: OtherMember[];
  readonly refusals: ImportRefusal[];
}

/**
 * Imports files in two passes: first everything is recognised, so that names and sequences of one file can be used in all; then each
 * sequence is made. Never throws for what is in the files, and goes on behind every bad one.
 */
export function importFiles(files: readonly SourceFile[], options: ImportOptions = {}): ImportResult {
  const names = new Map<string, string>();
  const opened = files.map((file) => open(file, names));
  const bind = new Map(Object.entries(options.bind ?? {}).map(([id, target]) => [id.toLowerCase(), target]));
  const { wishes, sequences } = nameSequences(opened, names);
  const made = opened.map((one) => importOpened(one, wishes, { names, bind, sequences }));
  refuseCircles(opened, made);
  const used = new Set(made.flatMap((imported) => imported.flatMap(({ usedBindings }) => usedBindings)));
  return {
    files: opened.map((one, index) => resultOf(one, made[index] ?? [])),
    unusedBindings: [...bind.keys()].filter((id) => !used.has(id)),
  };
}

type Wishes = ReadonlyMap<FoundSequence, SequenceWish>;

/** Gives each sequence a name of its own. A second one with the same id is refused: calls of it would mean either. */
function nameSequences(
  opened: readonly Opened[],
  names: ReadonlyMap<string, string>,
): { wishes: Wishes; sequences: ReadonlyMap<string, string> } {
  const taken = new Set<string>();
  const sequences = new Map<string, string>();
  const places = new Map<string, string>();
  const wishes = new Map<FoundSequence, SequenceWish>();
  for (const one of opened)
    for (const { member, sequence } of one.found) {
      const id = sequence.id?.toLowerCase();
      const before = id === undefined ? undefined : places.get(id);
      if (before !== undefined) {
        const message = `its id ${sequence.id} is also that of ${before}; import them one after the other, or remove one`;
        refuse(one, member, new ImportRefusal('import.duplicate-id', message));
        continue;
      }
      const displayName = displayNameOf(one.file, member, sequence, names);
      const name = uniqueName(dnsLabel(displayName), taken);
      wishes.set(sequence, { name, displayName, ...(one.file.archive ? { member } : {}) });
      if (id === undefined) continue;
      sequences.set(id, name);
      places.set(id, one.file.archive ? `${member} in ${one.file.label}` : one.file.label);
    }
  return { wishes, sequences };
}

function importOpened(one: Opened, wishes: Wishes, knowledge: ReferenceKnowledge): ImportedSequence[] {
  const made: ImportedSequence[] = [];
  for (const { member, sequence } of one.found) {
    const wish = wishes.get(sequence);
    if (!wish) continue;
    try {
      made.push(importSequence(sequence, wish, knowledge));
    } catch (error) {
      if (!(error instanceof ImportRefusal)) throw error;
      refuse(one, member, error);
    }
  }
  return made;
}

/** Sequences that call themselves, also by way of others, can never be run: they are taken out again. */
function refuseCircles(opened: readonly Opened[], made: ImportedSequence[][]): void {
  const calls = new Map(
    made.flat().map(({ document: { metadata, spec } }) => {
      const called = collectReferences(spec).filter(
        ({ reference, disabled }) => reference.kind === 'TaskSequence' && !disabled,
      );
      return [metadata.name, new Set(called.map(({ reference }) => reference.name))];
    }),
  );
  const circles = findCircles(calls);
  if (circles.size === 0) return;
  for (const [index, one] of opened.entries())
    made[index] = (made[index] ?? []).filter(({ document: { metadata }, member }) => {
      const circle = circles.get(metadata.name);
      if (!circle) return true;
      const message = `"${metadata.name}" calls itself: ${circle.join(' → ')}; disable or remove one of the calls`;
      refuse(one, member ?? one.file.label, new ImportRefusal('import.cycle', message));
      return false;
    });
}

function refuse(one: Opened, member: string, refusal: ImportRefusal): void {
  one.refusals.push(refusal);
  one.others.push({ path: member, what: refusal.message, code: refusal.code });
}

function open(file: SourceFile, names: Map<string, string>): Opened {
  const opened: Opened = { file, found: [], others: [], refusals: [] };
  if (file.members instanceof ImportRefusal) {
    opened.refusals.push(file.members);
    return opened;
  }
  for (const { path, bytes } of file.members) {
    const recognised = bytes instanceof ImportRefusal ? bytes : tryRecognise(path, bytes);
    if (recognised instanceof ImportRefusal) {
      opened.refusals.push(recognised);
      opened.others.push({ path, what: recognised.message, code: recognised.code });
    } else if (recognised.kind === 'sequences') {
      for (const sequence of recognised.sequences) opened.found.push({ member: path, sequence });
    } else {
      if (recognised.kind === 'names') for (const [id, name] of recognised.names) names.set(id.toLowerCase(), name);
      opened.others.push({ path, what: recognised.what });
    }
  }
  return opened;
}

function tryRecognise(path: string, bytes: Uint8Array): Recognised | ImportRefusal {
  try {
    return recognise(path, bytes);
  } catch (error) {
    if (error instanceof ImportRefusal) return error;
    throw error;
  }
}

function resultOf({ file, others, refusals }: Opened, sequences: readonly ImportedSequence[]): ImportedFile {
  const result = { file: file.label, sequences, others: file.archive ? others : [] };
  if (sequences.length > 0 && refusals.length === 0) return { ...result, outcome: 'imported' };
  const [refusal] = refusals;
  if (refusal) return { ...result, outcome: 'refused', code: refusal.code, message: refusal.message };
  const what = file.archive ? 'no member of the archive is a task sequence' : `it is ${others[0]?.what ?? 'nothing'}`;
  return { ...result, outcome: 'not-a-sequence', code: 'import.not-a-sequence', message: what };
}

/** What people call a sequence: its own name, what the share's list calls its folder, else the name of its file. */
function displayNameOf(
  file: SourceFile,
  member: string,
  found: FoundSequence,
  names: ReadonlyMap<string, string>,
): string {
  const folders = member.split(/[\\/]/);
  const folder = /^ts\.xml$/i.test(folders.at(-1) ?? '') ? folders.at(-2) : undefined;
  const listed = folder === undefined ? undefined : names.get(folder.toLowerCase());
  const fileName = (file.archive ? member : file.label).split(/[\\/]/).at(-1) ?? '';
  return (listed ?? found.name?.trim()) || fileName.replace(/\.[A-Za-z0-9]{1,5}$/, '') || 'sequence';
}

function uniqueName(name: string, taken: Set<string>): string {
  let candidate = name;
  for (let count = 2; taken.has(candidate); count++) {
    const suffix = `-${count}`;
    candidate = `${name.slice(0, 63 - suffix.length).replace(/-+$/, '')}${suffix}`;
  }
  taken.add(candidate);
  return candidate;
}
