import { application } from '@muster/contracts/kinds/application.js';
import { contentKindSchema } from '@muster/contracts/kinds/content-reference.js';
import type { ExportResponse } from '@muster/contracts/kinds/sequence-exchange.js';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { nameSchema } from '@muster/contracts/resource.js';
import type { Application } from '@muster/sequence/applications/application.js';
import { applicationReferences } from '@muster/sequence/applications/application-references.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { collectReferences } from '@muster/sequence/references.js';
import type { ApiClient } from '../api/api-client.js';
import { exportSequences } from '../api/exchange.js';
import { byteSize } from '../output/age.js';
import { objectName } from '../output/formats.js';
import { type BundleObject, isBundleKind, kindOfObject, objectKey } from './bundle-model.js';
import { downloadVersion } from './content-folder.js';
import type { ContentOptions } from './import-bundle.js';
import type { BundleParts } from './make-bundle.js';
import { newestVersion, travellingObject, type TravellingResource } from './travelling-object.js';

type Part = BundleParts['objects'][number];
type Key = Pick<BundleObject, 'kind' | 'name'>;

/** What of the site goes into an archive. */
export interface ExportWishes {
  readonly names: readonly string[];
  /** What they refer to, and what that refers to. */
  readonly dependencies: boolean;
  /** The files of content too. */
  readonly content: boolean;
  readonly comment: string | undefined;
}

/** Sequences with all that they refer to by any way, as it is now. What is not there is named as missing. */
export async function collectParts(
  client: ApiClient,
  { names, dependencies, content, comment }: ExportWishes,
  options: ContentOptions,
): Promise<BundleParts> {
  const { site, sequences, missing } = await exportSequences(client, {
    names: [...names],
    withDependencies: dependencies,
  });
  const objects = sequences.map(sequencePart);
  const absent = missing.map((name) => objectKey({ kind: taskSequence.kind, name }));
  const seen = new Set(objects.map(objectKey));
  const waiting = objects.flatMap(({ requires }) => requires);
  for (const key of dependencies ? waiting : []) {
    const reference = keyOf(key);
    if (seen.has(key) || !reference || reference.kind === taskSequence.kind) continue;
    seen.add(key);
    const found = await client.find(kindOfObject(reference.kind), reference.name);
    if (!found) {
      absent.push(key);
      continue;
    }
    const part = await objectPart(client, reference, found as TravellingResource, content, options);
    objects.push(part);
    waiting.push(...part.requires);
  }
  const inside = new Set(objects.map(objectKey));
  const outside = objects.flatMap(({ requires }) => requires.filter((key) => !inside.has(key)));
  return {
    site,
    ...(comment === undefined ? {} : { comment }),
    objects,
    missing: [...new Set([...absent, ...outside])],
  };
}

function sequencePart({ document, secrets, comment }: ExportResponse['sequences'][number]): Part {
  const references = collectReferences(document.spec as SequenceSpec).map(({ reference }) => objectKey(reference));
  return {
    kind: 'TaskSequence',
    name: document.metadata.name,
    ...(comment === undefined ? {} : { comment }),
    ...(secrets.length === 0 ? {} : { secrets }),
    requires: [...new Set(references)].sort(),
    document,
  };
}

async function objectPart(
  client: ApiClient,
  { kind, name }: Key,
  found: TravellingResource,
  content: boolean,
  options: ContentOptions,
): Promise<Part> {
  const references = kind === application.kind ? applicationReferences(found.spec as Application).map(objectKey) : [];
  const part = { kind, name, requires: [...new Set(references)].sort(), document: travellingObject(found) };
  const version = content ? newestVersion(found)?.version : undefined;
  const ofContent = contentKindSchema.safeParse(kind);
  if (version === undefined || !ofContent.success) return part;
  let done = 0;
  const reference = { kind: ofContent.data, name };
  const files = await downloadVersion(client, reference, version, options.folder, (bytes) => {
    done += bytes;
    options.onProgress(`${objectName(kind, name)}: ${byteSize(done)} downloaded`);
  });
  return { ...part, files };
}

/** `Kind/name`, unless no object of ours can be called so: imported sequences may refer to anything. */
function keyOf(key: string): Key | undefined {
  const slash = key.indexOf('/');
  const [kind, name] = [key.slice(0, slash), key.slice(slash + 1)];
  return isBundleKind(kind) && nameSchema.safeParse(name).success ? { kind, name } : undefined;
}
