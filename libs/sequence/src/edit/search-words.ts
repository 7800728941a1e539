import { mentionedNames } from '../expand.js';
import { utf8Length } from '../findings.js';
import { isGroup, isStep, nodeName, type SequenceNode, type SequenceSpec } from '../model.js';
import { stepDefinition } from '../steps/registry.js';
import { isFields } from './field-changes.js';
import { nodePaths } from './node-paths.js';

/** Where in a node, or in the sequence itself, a word stands. */
export const SEARCHED_PLACES = [
  'name',
  'description',
  'type',
  'variable',
  'condition',
  'reference',
  'folder',
  'label',
] as const;
export type SearchedPlace = (typeof SEARCHED_PLACES)[number];

export interface SearchedText {
  readonly where: SearchedPlace;
  readonly text: string;
}

/** A node in which words were found. */
export interface NodeMatch {
  readonly path: string;
  readonly pointer: string;
  readonly where: readonly SearchedPlace[];
}

/** Characters of a word that count. */
const wordLength = 64;
/** Settings whose text is the name of a variable. */
const namesVariable = /variable$/i;

/** The words of a text in lower case: `InstallPackage` is installpackage, install and package. */
export function wordsOf(text: string): string[] {
  return (text.match(/[\p{L}\p{N}_]+/gu) ?? []).flatMap((word) => {
    const parts = word.split(/_+|(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u).filter(Boolean);
    return [...new Set([word, ...parts])].map((one) => one.toLowerCase().slice(0, wordLength));
  });
}

/** The words that somebody looks for: each must begin a word of what is found. */
export function searchedWords(text: string): string[] {
  return [...new Set((text.match(/[\p{L}\p{N}_]+/gu) ?? []).map((word) => word.toLowerCase().slice(0, wordLength)))];
}

/** What of a sequence itself is searched: its names, its variables. */
export function propertyTexts(spec: SequenceSpec): SearchedText[] {
  return [
    ...texts('name', spec.displayName),
    ...texts('description', spec.description),
    ...Object.keys(spec.variables ?? {}).map((text) => ({ where: 'variable' as const, text })),
  ];
}

/** What of a node is searched, without what is in it. Settings themselves are not: they may hold secrets. */
export function nodeTexts(node: SequenceNode): SearchedText[] {
  const found = [
    ...texts(isGroup(node) || isStep(node) ? 'name' : 'reference', nodeName(node)),
    ...texts('description', node.description),
    ...leaves(node.condition).map((text) => ({ where: 'condition' as const, text })),
  ];
  if (!isStep(node)) return found;
  found.push(...texts('type', node.type), ...texts('type', stepDefinition(node.type)?.title));
  for (const text of variablesOf(node.type, node.settings ?? {})) found.push({ where: 'variable', text });
  for (const { name, program } of referencesOf(node.type, node.settings ?? {}))
    found.push({ where: 'reference', text: program === undefined ? name : `${name} ${program}` });
  return found;
}

/** All words of a sequence, each once; together no more than `limitBytes` of UTF-8. */
export function sequenceWords(spec: SequenceSpec, more: readonly SearchedText[], limitBytes: number): string[] {
  const words = new Set<string>();
  /** Names, types and titles repeat: what was seen is not taken apart again. */
  const seen = new Set<string>();
  let bytes = 0;
  const add = (text: string): void => {
    if (seen.has(text)) return;
    seen.add(text);
    for (const word of wordsOf(text)) {
      if (words.has(word)) continue;
      const size = utf8Length(word);
      if (bytes + size > limitBytes) continue;
      words.add(word);
      bytes += size;
    }
  };
  for (const { text } of more) add(text);
  for (const { text } of propertyTexts(spec)) add(text);
  const visit = (node: SequenceNode): void => {
    for (const { text } of nodeTexts(node)) add(text);
    if (isGroup(node)) node.steps.forEach(visit);
  };
  spec.steps.forEach(visit);
  return [...words];
}

/** The nodes that have words, those with most of them first; as many as `limit`, and how many there are. */
export function findNodes(
  spec: SequenceSpec,
  words: readonly string[],
  limit: number,
): { nodes: NodeMatch[]; total: number } {
  const found = nodePaths(spec).flatMap(({ node, path, pointer }) => {
    const { where, count } = matchTexts(nodeTexts(node), words);
    return count === 0 ? [] : [{ match: { path, pointer, where }, count }];
  });
  found.sort((a, b) => b.count - a.count);
  return { nodes: found.slice(0, limit).map(({ match }) => match), total: found.length };
}

/** Where words stand in texts, and how many of the words. */
export function matchTexts(
  found: readonly SearchedText[],
  words: readonly string[],
): { where: SearchedPlace[]; count: number } {
  const where = new Set<SearchedPlace>();
  const seen = new Set<string>();
  for (const { where: place, text } of found) {
    const known = wordsOf(text);
    for (const word of words) {
      if (!known.some((one) => one.startsWith(word))) continue;
      where.add(place);
      seen.add(word);
    }
  }
  return { where: [...where], count: seen.size };
}

function texts(where: SearchedPlace, text: string | undefined): SearchedText[] {
  return text === undefined ? [] : [{ where, text }];
}

function variablesOf(type: string, settings: Readonly<Record<string, unknown>>): string[] {
  const named = Object.entries(settings).flatMap(([key, value]) =>
    typeof value === 'string' && (namesVariable.test(key) || (type === 'SetTaskSequenceVariable' && key === 'name'))
      ? [value]
      : [],
  );
  return [...named, ...leaves(settings).flatMap((text) => (text.includes('%') ? [...mentionedNames(text)] : []))];
}

function referencesOf(type: string, settings: Readonly<Record<string, unknown>>) {
  const definition = stepDefinition(type);
  const parsed = definition?.settingsSchema.safeParse(settings);
  return definition && parsed?.success ? definition.references(parsed.data) : [];
}

function leaves(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(leaves);
  return isFields(value) ? Object.values(value).flatMap(leaves) : [];
}
