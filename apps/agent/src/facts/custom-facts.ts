import { statSync } from 'node:fs';
import { type Facts, factsSchema, MOST_CUSTOM_FACTS, MOST_LEFT_OUT } from '@muster/sequence/conditions/facts-schema.js';
import type { SystemTree } from './system-tree.js';

/** Where people and programs of a computer write what they want to be known of it. */
export const CUSTOM_FACTS_FOLDER = '/etc/muster-agent/facts.d';

/** What was written and is not told, and why. */
export type LeftOut = NonNullable<Facts['customLeftOut']>[number];

/** Facts of this computer's own, as they are told. */
export type CustomFacts = Pick<Facts, 'custom' | 'customLeftOut'>;

const factSchema = factsSchema.shape.custom.unwrap().element;

/**
 * Facts that somebody wrote on this computer: every file `*.json` of the folder is an object of texts, numbers, booleans; of a name that
 * comes twice the file that is last by name counts. What others than the owner of the file may write is left out, since facts decide in which
 * collections a device is; so is what is no such object, and what does not fit. What is left out is told with its reason.
 */
export function customFacts(tree: SystemTree, folder = CUSTOM_FACTS_FOLDER): CustomFacts {
  const found = new Map<string, { value: string; file: string }>();
  const leftOut: LeftOut[] = [];
  for (const file of tree.names(folder).filter((name) => name.endsWith('.json'))) {
    const read = readFacts(tree, folder, file);
    if ('reason' in read) leftOut.push({ file: file.slice(0, 255), reason: read.reason });
    else {
      for (const [name, value] of Object.entries(read.facts)) {
        const reason = whyNot(name, value);
        if (reason === undefined) found.set(name, { value: String(value), file });
        else leftOut.push({ file: file.slice(0, 255), name: name.slice(0, 100), reason });
      }
    }
  }
  const facts = [...found].map(([name, { value, file }]) => ({ name, value, file }));
  facts.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { file, name } of facts.slice(MOST_CUSTOM_FACTS))
    leftOut.push({ file: file.slice(0, 255), name, reason: `there are more than ${MOST_CUSTOM_FACTS} facts` });
  return {
    ...(facts.length === 0
      ? {}
      : { custom: facts.slice(0, MOST_CUSTOM_FACTS).map(({ name, value }) => ({ name, value })) }),
    ...(leftOut.length === 0 ? {} : { customLeftOut: leftOut.slice(0, MOST_LEFT_OUT) }),
  };
}

function readFacts(tree: SystemTree, folder: string, file: string): { facts: object } | { reason: string } {
  const path = `${folder}/${file}`;
  if (othersMayWrite(tree.path(folder))) return { reason: 'others than its owner may write the folder' };
  if (othersMayWrite(tree.path(path))) return { reason: 'others than its owner may write the file' };
  try {
    const value: unknown = JSON.parse(tree.text(path) ?? '');
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { facts: value };
  } catch {
    // Said below.
  }
  return { reason: 'it is no JSON object' };
}

/** Why a fact cannot be told; undefined: it can. */
function whyNot(name: string, value: unknown): string | undefined {
  if (!['string', 'number', 'boolean'].includes(typeof value)) return 'it is no text, number or boolean';
  const { error } = factSchema.safeParse({ name, value: String(value) });
  if (!error) return undefined;
  return error.issues.some(({ path }) => path[0] === 'name')
    ? 'a name has a letter, then up to 63 letters, digits, _, . and -'
    : 'it has more than 256 characters';
}

/** Mode bits mean nothing on Windows. */
function othersMayWrite(path: string): boolean {
  try {
    return process.platform !== 'win32' && (statSync(path).mode & 0o022) !== 0;
  } catch {
    return true;
  }
}
