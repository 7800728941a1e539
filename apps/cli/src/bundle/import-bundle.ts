import type { Manifest } from '@muster/contracts/agent/content.js';
import { withoutStorage } from '@muster/contracts/agent/manifest-blobs.js';
import { type Digest, digestOf } from '@muster/contracts/digest.js';
import { contentKindSchema } from '@muster/contracts/kinds/content-reference.js';
import type { ImportRequest } from '@muster/contracts/kinds/sequence-exchange.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import type { Application } from '@muster/sequence/applications/application.js';
import { applicationReferences } from '@muster/sequence/applications/application-references.js';
import type { ApiClient } from '../api/api-client.js';
import { importSequences } from '../api/exchange.js';
import { uploadLine } from '../content/progress-text.js';
import { uploadFiles } from '../content/upload-package.js';
import type { LocalFile } from '../content/walk-folder.js';
import { inApplyOrder } from '../documents/order.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { objectName } from '../output/formats.js';
import { type Bundle, type BundledObject, compareKinds, kindOfObject, objectKey } from './bundle-model.js';
import { provenFiles } from './content-folder.js';
import {
  actionFor,
  type BundleWishes,
  checkWishes,
  missingSecrets,
  type PlannedObject,
  planObject,
  sequencesRequest,
} from './plan-bundle.js';
import { newestVersion, travellingObject, type TravellingResource } from './travelling-object.js';

/** What would become of every object of an archive. Changes nothing. Content first, then applications, then sequences. */
export async function previewBundle(
  client: ApiClient,
  bundle: Bundle,
  wishes: BundleWishes,
): Promise<readonly PlannedObject[]> {
  checkWishes(bundle, wishes);
  const plan: PlannedObject[] = [];
  for (const object of objectsToApply(bundle)) {
    const current = (await client.find(kindOfObject(object.kind), object.name)) as TravellingResource | undefined;
    const planned = planObject(object, current, await filesHere(client, current, object), actionFor(object, wishes));
    const findings = isWritten(planned) ? await wrongReferences(client, object, bundle) : [];
    plan.push({ ...planned, findings });
  }
  const request = sequencesRequest(bundle, wishes);
  if (request.sequences.length === 0) return plan;
  const { sequences } = await importSequences(client, { ...request, ...thereByThen(plan) }, true);
  return [...plan, ...sequences.map((sequence) => ({ kind: 'TaskSequence', ...sequence }))];
}

/** What sequences may refer to once the rest is imported. A site that knows packages only is not told of more than it must be. */
function thereByThen(plan: readonly PlannedObject[]): Pick<ImportRequest, 'packages' | 'contents'> {
  const packages = plan.filter(({ kind }) => kind === 'Package').map(({ name }) => name);
  const contents = plan.filter(({ kind }) => kind !== 'Package').map(({ kind, name }) => ({ kind, name }));
  return { packages, ...(contents.length > 0 ? { contents: contents as ImportRequest['contents'] } : {}) };
}

/** What an application names and will be neither in the archive nor here. */
async function wrongReferences(client: ApiClient, object: BundledObject, bundle: Bundle): Promise<ProblemFinding[]> {
  if (object.kind !== 'Application') return [];
  const inside = new Set(bundle.objects.map(objectKey));
  const findings: ProblemFinding[] = [];
  for (const { kind, name, path } of applicationReferences(object.document.spec as Application)) {
    if (inside.has(objectKey({ kind, name })) || (await client.find(kindOfObject(kind), name))) continue;
    findings.push({ path, code: 'content.missing-reference', message: `there is no ${kind} "${name}"` });
  }
  return findings;
}

/** The digest of the files of the newest version, as an archive has it. */
async function filesHere(
  client: ApiClient,
  current: TravellingResource | undefined,
  { kind, content }: BundledObject,
): Promise<Digest | undefined> {
  const newest = current && newestVersion(current);
  if (!newest || content === undefined || newest.manifest === content) return newest?.manifest;
  const versions = `/api/v1/${kindOfObject(kind).plural}/${encodeURIComponent(current.metadata.name)}/versions`;
  const manifest = await client.json<Manifest>('GET', `${versions}/${newest.version}/manifest`);
  return digestOf(withoutStorage(manifest));
}

/** Where content lies, and who is told how far it is. */
export interface ContentOptions {
  readonly folder: string;
  onProgress(line: string): void;
}

/**
 * Imports an archive by its preview: first content and applications, one by one, each of them repeatable; then all sequences in one
 * transaction. What cannot be imported is refused before anything is written.
 *
 * @throws CliError `bundle.secret-missing`, `bundle.refused`, `bundle.files-missing`, `bundle.file-tampered`
 */
export async function importBundle(
  client: ApiClient,
  bundle: Bundle,
  wishes: BundleWishes,
  plan: readonly PlannedObject[],
  options: ContentOptions,
): Promise<readonly PlannedObject[]> {
  refuse(plan);
  const others = plan.filter(({ kind }) => kind !== 'TaskSequence');
  const written = new Set(others.filter(isWritten).map(objectKey));
  const changing = objectsToApply(bundle).filter((object) => written.has(objectKey(object)));
  const content = new Map<string, LocalFile[]>();
  for (const object of changing)
    if (object.files) content.set(objectKey(object), await provenFiles(options.folder, object.files));
  for (const object of changing) {
    const { kind, name, document } = object;
    await client.apply(kindOfObject(kind), travellingObject(document));
    const files = content.get(objectKey(object));
    if (files)
      await uploadFiles(client, name, files, {
        kind: contentKindSchema.parse(kind),
        onProgress: (progress) => options.onProgress(uploadLine(name, progress)),
      });
  }
  const request = sequencesRequest(bundle, wishes);
  if (request.sequences.length === 0) return others;
  const { sequences } = await orWhatIsDone(importSequences(client, request, false), others);
  return [...others, ...sequences.map((sequence) => ({ kind: 'TaskSequence', ...sequence }))];
}

/** Content and applications belong to another service than sequences: no transaction has both. */
async function orWhatIsDone<Answer>(work: Promise<Answer>, others: readonly PlannedObject[]): Promise<Answer> {
  try {
    return await work;
  } catch (error) {
    const done = others.filter(isWritten);
    if (!(error instanceof CliError) || done.length === 0) throw error;
    const names = done.map(({ kind, name }) => objectName(kind, name)).join(', ');
    const details = [...error.details, `no sequence was imported; here now: ${names}. Import again`];
    throw new CliError(error.code, error.message, error.exitCode, { findings: error.findings, details, cause: error });
  }
}

function isWritten({ outcome }: PlannedObject): boolean {
  return outcome !== 'unchanged' && outcome !== 'ignored';
}

/** What sequences are made of, in an order in which each can be saved: what is named comes first. */
function objectsToApply({ objects }: Bundle): BundledObject[] {
  const others = objects.filter(({ kind }) => kind !== 'TaskSequence').toSorted(compareKinds);
  return inApplyOrder(
    others.map((object) => ({ kind: kindOfObject(object.kind), input: object.document, object })),
  ).map(({ object }) => object);
}

function refuse(plan: readonly PlannedObject[]): void {
  const secrets = missingSecrets(plan);
  if (secrets.length > 0)
    throw new CliError(
      'bundle.secret-missing',
      `${secrets.length} secret${secrets.length === 1 ? ' is' : 's are'} wanted; nothing was imported. Give each, or save their sequences suspended with --without-secrets`,
      EXIT_CODES.failed,
      { details: secrets.map((place) => `--secret '${place}=@FILE'`) },
    );
  const findings = plan.flatMap(({ name, findings: own }) =>
    own.map((finding) => ({ ...finding, path: `/${name}${finding.path}` })),
  );
  if (findings.length === 0) return;
  throw new CliError('bundle.refused', 'the archive does not fit here; nothing was imported', EXIT_CODES.failed, {
    findings,
  });
}
