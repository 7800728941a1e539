import type { Application } from './application.js';
import { applicationReferences } from './application-references.js';

/**
 * The applications that installing some of them may need: themselves, what they depend on, in turn, and what they take
 * away because they supersede it. Of the latter only the document: nothing is installed for it. Read level by level, each
 * name once.
 *
 * @param read the documents of these names; null or left out: there is none
 * @returns by name; null: there is none
 */
export async function closeApplications(
  names: readonly string[],
  read: (names: readonly string[]) => Promise<ReadonlyMap<string, Application | null>>,
): Promise<Map<string, Application | null>> {
  const documents = new Map<string, Application | null>();
  const followed = new Set<string>();
  let level: ReadonlySet<string> = new Set(names);
  let others: ReadonlySet<string> = new Set();
  while (level.size > 0 || others.size > 0) {
    const unread = [...new Set([...level, ...others])].filter((name) => !documents.has(name));
    if (unread.length > 0) {
      const found = await read(unread);
      for (const name of unread) documents.set(name, found.get(name) ?? null);
    }
    const below = new Set<string>();
    const superseded = new Set<string>();
    for (const name of level) {
      followed.add(name);
      const document = documents.get(name);
      for (const { how, name: named, uninstall } of document ? applicationReferences(document) : []) {
        if (how === 'dependency') below.add(named);
        else if (how === 'supersedes' && uninstall === true) superseded.add(named);
      }
    }
    level = new Set([...below].filter((name) => !followed.has(name)));
    others = new Set([...superseded].filter((name) => !documents.has(name)));
  }
  return documents;
}

/** The packages that these applications install from, each once, sorted. */
export function packagesOfApplications(documents: Iterable<Application | null>): string[] {
  const names = new Set<string>();
  for (const document of documents)
    for (const { kind, name } of document ? applicationReferences(document) : [])
      if (kind === 'Package') names.add(name);
  return [...names].sort();
}
