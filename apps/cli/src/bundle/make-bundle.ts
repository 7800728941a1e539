import { canonicalJson, digestOfBytes } from '@muster/contracts/digest.js';
import {
  BUNDLE_FORMAT,
  type BundledObject,
  type BundleManifest,
  contentEntry,
  documentEntry,
  MANIFEST_ENTRY,
  objectKey,
  versionFor,
} from './bundle-model.js';
import { writeZip, type ZipMember } from './write-zip.js';

/** What goes into an archive; digests and order are made here. */
export interface BundleParts extends Pick<BundleManifest, 'site' | 'comment' | 'missing'> {
  readonly objects: readonly Omit<BundledObject, 'digest' | 'content'>[];
}

/** The bytes of an archive. The same parts give the same bytes. */
export function makeBundle({ site, comment, missing, objects }: BundleParts): Buffer {
  const members: ZipMember[] = [];
  const listed = objects
    .toSorted((a, b) => (objectKey(a) < objectKey(b) ? -1 : 1))
    .map(({ document, files, ...facts }) => {
      const bytes = Buffer.from(readableJson(document));
      members.push({ path: documentEntry(facts), bytes });
      if (files === undefined) return { ...facts, digest: digestOfBytes(bytes) };
      const content = Buffer.from(canonicalJson({ files }));
      members.push({ path: contentEntry(facts), bytes: content });
      return { ...facts, digest: digestOfBytes(bytes), content: digestOfBytes(content) };
    });
  const manifest = {
    format: BUNDLE_FORMAT,
    version: versionFor(objects),
    site,
    ...(comment === undefined ? {} : { comment }),
    objects: listed,
    missing: [...missing].sort(),
  };
  members.push({ path: MANIFEST_ENTRY, bytes: Buffer.from(readableJson(manifest)) });
  return writeZip(members);
}

/** Equal values have equal bytes whatever the order of their keys; and people can read them. */
function readableJson(value: unknown): string {
  return `${JSON.stringify(JSON.parse(canonicalJson(value)), null, 2)}\n`;
}
