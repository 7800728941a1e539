import { application } from '@muster/contracts/kinds/application.js';
import { contentKey, contentKindSchema, type ContentReference } from '@muster/contracts/kinds/content-reference.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { nameSchema } from '@muster/contracts/resource.js';
import type { Application } from '@muster/sequence/applications/application.js';
import { closeApplications, packagesOfApplications } from '@muster/sequence/applications/close-applications.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { collectReferences } from '@muster/sequence/references.js';
import type { ApiClient } from '../api/api-client.js';

/** Content that has to be at points, and what could not be looked into. */
export interface NeededContent {
  readonly content: readonly ContentReference[];
  /** Applications that there are not. */
  readonly missing: readonly string[];
}

/** What a sequence and its child sequences need, disabled nodes included, and what its applications need; each once. */
export async function contentOfSequence(client: ApiClient, sequence: string): Promise<NeededContent> {
  const found = new Map<string, ContentReference>();
  const applications = new Set<string>();
  const seen = new Set<string>();
  let level = [sequence];
  while (level.length > 0) {
    const below: string[] = [];
    for (const name of level) {
      if (seen.has(name)) continue;
      seen.add(name);
      const { spec } = await client.get(taskSequence, name);
      for (const { reference } of collectReferences(spec as SequenceSpec)) {
        if (reference.kind === 'TaskSequence') below.push(reference.name);
        else if (reference.kind === 'Application') applications.add(reference.name);
        else found.set(contentKey(reference), { kind: reference.kind, name: reference.name });
      }
    }
    level = below;
  }
  const ofApplications = await contentOfApplications(client, [...applications]);
  for (const one of ofApplications.content) found.set(contentKey(one), one);
  return { content: [...found.values()], missing: ofApplications.missing };
}

/** The packages of applications, of what they depend on and of what they supersede and take away. */
export async function contentOfApplications(client: ApiClient, names: readonly string[]): Promise<NeededContent> {
  const documents = await closeApplications(names, async (wanted) => {
    const read = new Map<string, Application | null>();
    for (const name of wanted) {
      const possible = nameSchema.safeParse(name).success;
      read.set(name, (possible ? await client.find(application, name) : undefined)?.spec ?? null);
    }
    return read;
  });
  return {
    content: packagesOfApplications(documents.values()).map((name) => ({ kind: contentKindSchema.enum.Package, name })),
    missing: [...documents].filter(([, document]) => !document).map(([name]) => name),
  };
}
