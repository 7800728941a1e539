import {
  contentKey,
  contentReferenceSchema,
  type ContentReference,
} from '@muster/contracts/kinds/content-reference.js';
import { nameSchema } from '@muster/contracts/resource.js';
import {
  resolveContent,
  type ResolvedContent,
  type ResolvedReference,
} from '@muster/contracts/requests/resolve-content.js';
import type { Bus } from '@muster/messaging/bus.js';
import type { Application } from '@muster/sequence/applications/application.js';

const ASKED_AT_ONCE = 200;

/** What the content service says of what a run needs. */
export interface ResolvedNeeds {
  readonly packages: ResolvedContent[];
  /** Of all other kinds. */
  readonly others: ResolvedReference[];
}

/** What content is at this moment. Names that nothing can have are not asked for, and not in the answer. */
export async function resolveNeeds(bus: Bus, needed: readonly ContentReference[]): Promise<ResolvedNeeds> {
  const packages: ResolvedContent[] = [];
  const others: ResolvedReference[] = [];
  const asked = needed.filter((one) => contentReferenceSchema.safeParse(one).success);
  for (let first = 0; first < asked.length; first += ASKED_AT_ONCE) {
    const some = asked.slice(first, first + ASKED_AT_ONCE);
    const contents = some.filter(({ kind }) => kind !== 'Package');
    const answer = await bus.request(resolveContent, {
      packages: some.filter(({ kind }) => kind === 'Package').map(({ name }) => name),
      ...(contents.length === 0 ? {} : { contents }),
    });
    packages.push(...answer.packages);
    others.push(...(answer.contents ?? []));
  }
  return { packages, others };
}

/** The documents of applications; asks until all are answered, since one answer may be too small for them. */
export async function readApplications(bus: Bus, names: readonly string[]): Promise<Map<string, Application | null>> {
  const found = new Map<string, Application | null>();
  let left = names.filter((name) => nameSchema.safeParse(name).success);
  while (left.length > 0) {
    const { applications = [] } = await bus.request(resolveContent, {
      packages: [],
      applications: left.slice(0, ASKED_AT_ONCE),
    });
    for (const { name, spec } of applications) found.set(name, spec);
    const before = left.length;
    left = left.filter((name) => !found.has(name));
    if (left.length === before) break;
  }
  return found;
}

/** Each reference once, by kind and name. */
export function eachOnce(references: readonly ContentReference[]): ContentReference[] {
  const byKey = new Map(references.map(({ kind, name }) => [contentKey({ kind, name }), { kind, name }]));
  return [...byKey].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, reference]) => reference);
}
