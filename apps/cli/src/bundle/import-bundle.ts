import type { Manifest } from '@muster/contracts/agent/content.js';
import { withoutStorage } from '@muster/contracts/agent/manifest-blobs.js';
import { type Digest, digestOf } from '@muster/contracts/digest.js';
import { packageKind } from '@muster/contracts/kinds/package.js';
import type { ApiClient } from '../api/api-client.js';
import { importSequences } from '../api/exchange.js';
import { uploadLine } from '../content/progress-text.js';
import { uploadFiles } from '../content/upload-package.js';
import type { LocalFile } from '../content/walk-folder.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import type { Bundle, BundledObject } from './bundle-model.js';
import { provenFiles } from './content-folder.js';
import {
  actionFor,
  type BundleWishes,
  checkWishes,
  missingSecrets,
  type PlannedObject,
  planPackage,
  sequencesRequest,
} from './plan-bundle.js';
import { newestVersion, type PackageResource, travellingPackage } from './travelling-package.js';

/** What would become of every object of an archive. Changes nothing. Packages first, then sequences. */
export async function previewBundle(
  client: ApiClient,
  bundle: Bundle,
  wishes: BundleWishes,
): Promise<readonly PlannedObject[]> {
  checkWishes(bundle, wishes);
  const packages: PlannedObject[] = [];
  for (const object of packagesOf(bundle)) {
    const current = await client.find(packageKind, object.name);
    packages.push(planPackage(object, current, await filesHere(client, current, object), actionFor(object, wishes)));
  }
  const request = sequencesRequest(bundle, wishes);
  if (request.sequences.length === 0) return packages;
  const names = packages.map(({ name }) => name);
  const { sequences } = await importSequences(client, { ...request, packages: names }, true);
  return [...packages, ...sequences.map((sequence) => ({ kind: 'TaskSequence', ...sequence }))];
}

/** The digest of the files of the newest version, as an archive has it. */
async function filesHere(
  client: ApiClient,
  current: PackageResource | undefined,
  { content }: BundledObject,
): Promise<Digest | undefined> {
  const newest = current && newestVersion(current);
  if (!newest || content === undefined || newest.manifest === content) return newest?.manifest;
  const name = encodeURIComponent(current.metadata.name);
  const manifest = await client.json<Manifest>('GET', `/api/v1/packages/${name}/versions/${newest.version}/manifest`);
  return digestOf(withoutStorage(manifest));
}

/** Where the content of packages lies, and who is told how far it is. */
export interface ContentOptions {
  readonly folder: string;
  onProgress(line: string): void;
}

/**
 * Imports an archive by its preview: first the packages, one by one, each of them repeatable; then all sequences in one
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
  const packages = plan.filter(({ kind }) => kind === packageKind.kind);
  const changing = packagesOf(bundle).filter(({ name }) => {
    const outcome = packages.find((one) => one.name === name)?.outcome;
    return outcome !== 'unchanged' && outcome !== 'ignored';
  });
  const content = new Map<string, LocalFile[]>();
  for (const { name, files } of changing) if (files) content.set(name, await provenFiles(options.folder, files));
  for (const { name, document } of changing) {
    await client.apply(packageKind, travellingPackage(document));
    const files = content.get(name);
    if (files)
      await uploadFiles(client, name, files, {
        onProgress: (progress) => options.onProgress(uploadLine(name, progress)),
      });
  }
  const request = sequencesRequest(bundle, wishes);
  if (request.sequences.length === 0) return packages;
  const { sequences } = await orWhatIsDone(importSequences(client, request, false), packages);
  return [...packages, ...sequences.map((sequence) => ({ kind: 'TaskSequence', ...sequence }))];
}

/** Packages belong to another service than sequences: no transaction has both. */
async function orWhatIsDone<Answer>(work: Promise<Answer>, packages: readonly PlannedObject[]): Promise<Answer> {
  try {
    return await work;
  } catch (error) {
    const done = packages.filter(({ outcome }) => outcome !== 'unchanged' && outcome !== 'ignored');
    if (!(error instanceof CliError) || done.length === 0) throw error;
    const names = done.map(({ name }) => name).join(', ');
    const details = [...error.details, `no sequence was imported; packages that are here now: ${names}. Import again`];
    throw new CliError(error.code, error.message, error.exitCode, { findings: error.findings, details, cause: error });
  }
}

function packagesOf({ objects }: Bundle): BundledObject[] {
  return objects.filter(({ kind }) => kind === packageKind.kind);
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
