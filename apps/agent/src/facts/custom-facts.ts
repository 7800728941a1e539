import { statSync } from 'node:fs';
import { type Facts, MOST_CUSTOM_FACTS } from '@muster/sequence/conditions/facts-schema.js';
import type { SystemTree } from './system-tree.js';

/** Where people and programs of a computer write what they want to be known of it. */
export const CUSTOM_FACTS_FOLDER = '/etc/muster-agent/facts.d';

/**
 * Facts that somebody wrote on this computer: every file `*.json` of the folder is an object of texts, numbers, booleans; of a name that
 * comes twice the file that is last by name counts. What others than the owner of the file may write is left out, since facts decide in which
 * collections a device is; so is what is no such object. Undefined when there are none.
 */
export function customFacts(tree: SystemTree, folder = CUSTOM_FACTS_FOLDER): Facts['custom'] {
  const found = new Map<string, string>();
  for (const name of tree.names(folder)) {
    const path = `${folder}/${name}`;
    if (!name.endsWith('.json') || othersMayWrite(tree.path(folder)) || othersMayWrite(tree.path(path))) continue;
    for (const [fact, value] of Object.entries(parse(tree.text(path)))) {
      if (['string', 'number', 'boolean'].includes(typeof value)) found.set(fact, String(value));
    }
  }
  if (found.size === 0) return undefined;
  const facts = [...found].map(([name, value]) => ({ name, value }));
  return facts.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, MOST_CUSTOM_FACTS);
}

function parse(text: string | undefined): object {
  try {
    const value: unknown = text === undefined ? undefined : JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

/** Mode bits mean nothing on Windows. */
function othersMayWrite(path: string): boolean {
  try {
    return process.platform !== 'win32' && (statSync(path).mode & 0o022) !== 0;
  } catch {
    return true;
  }
}
