import { contentKey, contentReferenceSchema } from '@muster/contracts/kinds/content-reference.js';
import { resolveContent } from '@muster/contracts/requests/resolve-content.js';
import { nameSchema } from '@muster/contracts/resource.js';
import type { Bus } from '@muster/messaging/bus.js';

/** What the question `resolve-content` takes of content. */
const CONTENT_OF_A_QUESTION = 1000;
/** The answer has their documents. */
const APPLICATIONS_OF_A_QUESTION = 100;

/**
 * Which of these things exist, as the content service says; as `contentKey`. Imported sequences may ask for things by names
 * that none of ours can have: those do not exist, and nobody is asked.
 */
export async function existingContent(
  references: readonly { readonly kind: string; readonly name: string }[],
  bus: Bus,
): Promise<Set<string>> {
  const possible = [...new Map(references.map((one) => [contentKey(one), one])).values()].filter(
    ({ name }) => nameSchema.safeParse(name).success,
  );
  const contents = possible.flatMap(
    (one) => contentReferenceSchema.safeParse({ kind: one.kind, name: one.name }).data ?? [],
  );
  const there = new Set<string>();
  for (let at = 0; at < contents.length; at += CONTENT_OF_A_QUESTION) {
    const some = contents.slice(at, at + CONTENT_OF_A_QUESTION);
    const answer = await bus.request(resolveContent, { packages: [], contents: some });
    for (const one of answer.contents ?? []) if (one.exists) there.add(contentKey(one));
  }
  let left = possible.filter(({ kind }) => kind === 'Application').map(({ name }) => name);
  while (left.length > 0) {
    const some = left.slice(0, APPLICATIONS_OF_A_QUESTION);
    const { applications = [] } = await bus.request(resolveContent, { packages: [], applications: some });
    for (const { name, spec } of applications) if (spec) there.add(contentKey({ kind: 'Application', name }));
    // What did not fit into the answer is asked for again.
    const answered = new Set(applications.map(({ name }) => name));
    left = answered.size === 0 ? [] : left.filter((name) => !answered.has(name));
  }
  return there;
}
