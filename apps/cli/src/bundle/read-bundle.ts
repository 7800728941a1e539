import { manifestSchema } from '@muster/contracts/agent/content.js';
import { type Digest, digestOfBytes } from '@muster/contracts/digest.js';
import { judgeDocument, judgeInput, type Judgement } from '@muster/contracts/judge.js';
import { ImportRefusal } from '@muster/interchange/refusal.js';
import { readZip, type ZipEntry } from '../commands/import/import-zip.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import {
  BUNDLE_FORMAT,
  BUNDLE_VERSION,
  type Bundle,
  type BundledObject,
  type BundleManifest,
  bundleManifestSchema,
  contentEntry,
  documentEntry,
  isDocumentEntry,
  kindOfObject,
  MANIFEST_ENTRY,
  objectKey,
} from './bundle-model.js';

/** Is this zip one of `muster export`? Unpacks nothing; a damaged zip is none. */
export function looksLikeBundle(bytes: Buffer): boolean {
  try {
    const paths = readZip(bytes).map(({ path }) => path);
    return paths.includes(MANIFEST_ENTRY) && paths.some(isDocumentEntry);
  } catch {
    return false;
  }
}

/**
 * Reads and proves an archive: every entry is the one that the manifest names, and every document is valid.
 *
 * @throws CliError `bundle.*`, `import.zip-*`
 */
export function readBundle(bytes: Buffer): Bundle {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof ImportRefusal) throw new CliError(error.code, error.message, EXIT_CODES.invalidDocument);
    throw error;
  }
}

function read(bytes: Buffer): Bundle {
  const entries = new Map<string, ZipEntry>();
  for (const entry of readZip(bytes)) {
    if (entries.has(entry.path)) throw refused('bundle.duplicate-entry', `"${entry.path}" is there twice`);
    entries.set(entry.path, entry);
  }
  const take = (path: string): Uint8Array => {
    const entry = entries.get(path);
    if (!entry) throw refused('bundle.entry-missing', `"${path}" is missing: the archive is not complete`);
    entries.delete(path);
    return entry.read();
  };
  const manifest = readManifest(take(MANIFEST_ENTRY));
  const objects = manifest.objects.map((object): BundledObject => {
    const document = valueOf(
      judgeInput(
        kindOfObject(object.kind),
        json(proven(take, documentEntry(object), object.digest), documentEntry(object)),
      ),
      documentEntry(object),
    );
    if (document.metadata.name !== object.name)
      throw refused('bundle.invalid', `${documentEntry(object)} is called "${document.metadata.name}"`);
    if (object.content === undefined) return { ...object, document };
    const path = contentEntry(object);
    const { files } = valueOf(judgeDocument(manifestSchema, json(proven(take, path, object.content), path)), path);
    return { ...object, document, files };
  });
  const [extra] = entries.keys();
  if (extra !== undefined) throw refused('bundle.unexpected-entry', `"${extra}" is not named in ${MANIFEST_ENTRY}`);
  return { manifest, objects };
}

function readManifest(bytes: Uint8Array): BundleManifest {
  const value = json(bytes, MANIFEST_ENTRY);
  const { format, version } = Object(value) as { format?: unknown; version?: unknown };
  if (format !== BUNDLE_FORMAT)
    throw refused('bundle.not-a-bundle', `its ${MANIFEST_ENTRY} is not of the format "${BUNDLE_FORMAT}"`);
  if (typeof version === 'number' && version > BUNDLE_VERSION)
    throw refused(
      'bundle.newer-version',
      `it has version ${version} of the format; this program reads ${BUNDLE_VERSION}: import it with a newer muster`,
    );
  const manifest = valueOf(judgeDocument(bundleManifestSchema, value), MANIFEST_ENTRY);
  const seen = new Set<string>();
  for (const object of manifest.objects) {
    if (seen.has(objectKey(object)))
      throw refused('bundle.duplicate-object', `${MANIFEST_ENTRY} names ${objectKey(object)} twice`);
    seen.add(objectKey(object));
  }
  return manifest;
}

function proven(take: (path: string) => Uint8Array, path: string, digest: Digest): Uint8Array {
  const bytes = take(path);
  if (digestOfBytes(bytes) !== digest)
    throw refused('bundle.tampered', `"${path}" is not what was exported: its SHA-256 is not ${digest}`);
  return bytes;
}

function json(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw refused('bundle.invalid', `"${path}" is no JSON`);
  }
}

function valueOf<Value>(judgement: Judgement<Value>, path: string): Value {
  if ('value' in judgement) return judgement.value;
  const { findings } = judgement;
  throw new CliError('bundle.invalid', `"${path}" is not valid`, EXIT_CODES.invalidDocument, { findings });
}

function refused(code: string, message: string): CliError {
  return new CliError(code, message, EXIT_CODES.invalidDocument);
}
