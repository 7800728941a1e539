import {
  manifestFileSchema,
  manifestSchema,
  MOST_MANIFEST_BYTES,
  type Manifest,
} from '@muster/contracts/agent/content.js';
import { countFiles } from '@muster/contracts/agent/manifest-blobs.js';
import { uploadRequestSchema } from '@muster/contracts/agent/upload.js';
import { canonicalJson, digestOfBytes, type Digest } from '@muster/contracts/digest.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import { jsonPointer } from '@muster/contracts/judge.js';
import { MusterError } from '@muster/platform/errors.js';
import { z } from 'zod';

/**
 * The shape of an announcement, with paths left to {@link manifestDocument}: a bad path deserves a better code than a
 * wrong type.
 */
export const announcementSchema = uploadRequestSchema.extend({
  files: z
    .array(
      manifestFileSchema.safeExtend({
        path: z.string().describe('Relative, with "/" between names; no ".", ".." or empty name, no "\\"'),
      }),
    )
    .max(100_000),
});

/** A manifest as it is kept: its canonical JSON, the digest that names it, and what is in it. */
export interface ManifestDocument {
  manifest: Manifest;
  document: string;
  digest: Digest;
  files: number;
  /** Of all files, also where several have the same content. */
  bytes: number;
}

/** At most this many findings are told at once. */
const MOST_FINDINGS = 100;

/**
 * Makes the manifest of announced files. The order in which files are announced, and `executable: false`, do not make
 * another version.
 *
 * @throws MusterError `content.bad-path` (a path that climbs, is absolute, has a backslash, or collides with another),
 *   `content.size-conflict` (one digest, two sizes), `content.bad-extents` (a file is not the sum of its extents), all with
 *   their findings; `content.manifest-too-large`
 */
export function manifestDocument(announced: z.infer<typeof announcementSchema>): ManifestDocument {
  const parsed = manifestSchema.safeParse(announced);
  if (!parsed.success) {
    const isExtents = parsed.error.issues.every(({ path }) => path[2] === 'stored');
    const [code, fix] = isExtents
      ? ['content.bad-extents', 'Say of which extents of which blobs the file is made, or leave out "stored"']
      : ['content.bad-path', 'Rename the file, or leave it out'];
    refuse(
      code,
      'The files cannot be one version',
      parsed.error.issues.map((issue) => ({
        path: jsonPointer(issue.path),
        code,
        message: `"${pathAt(announced, issue.path[1])}" ${issue.message}`,
        fix,
      })),
    );
  }
  refuse('content.size-conflict', 'The sizes contradict each other', sizeConflicts(announced));
  const files = announced.files
    .map(({ path, digest, size, executable, stored, pack }) => ({
      path,
      digest,
      size,
      ...(executable ? { executable } : {}),
      ...(stored ? { stored } : {}),
      ...(pack ? { pack } : {}),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const manifest = { files };
  const document = canonicalJson(manifest);
  const documentBytes = Buffer.byteLength(document);
  if (documentBytes > MOST_MANIFEST_BYTES) {
    throw new MusterError(
      'too-large',
      'content.manifest-too-large',
      `The list of ${files.length} files has ${documentBytes} bytes, ${MOST_MANIFEST_BYTES} are the limit. Pack the files into archives`,
    );
  }
  return {
    manifest,
    document,
    digest: digestOfBytes(document),
    files: countFiles(manifest),
    bytes: files.reduce((sum, { size }) => sum + size, 0),
  };
}

function sizeConflicts(announced: z.infer<typeof announcementSchema>): ProblemFinding[] {
  const first = new Map<string, { path: string; size: number }>();
  const findings: ProblemFinding[] = [];
  announced.files.forEach((file, index) => {
    const { path, stored } = file;
    const named = [file, ...(stored?.blobs ?? []), ...(stored?.chunks ? [stored.chunks] : [])];
    for (const { digest, size } of named) {
      const other = first.get(digest);
      if (!other) first.set(digest, { path, size });
      else if (other.size !== size) {
        findings.push({
          path: jsonPointer(['files', index, 'size']),
          code: 'content.size-conflict',
          message: `"${path}" and "${other.path}" have the same digest, but ${size} and ${other.size} bytes`,
          fix: 'Read both files again',
        });
      }
    }
  });
  return findings;
}

function pathAt(announced: z.infer<typeof announcementSchema>, index: PropertyKey | undefined): string {
  return (typeof index === 'number' ? announced.files[index]?.path : undefined) ?? '';
}

function refuse(code: string, what: string, findings: ProblemFinding[]): void {
  const [first] = findings;
  if (!first) return;
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  throw new MusterError('invalid', code, `${what}: ${first.path}: ${first.message}${more}`, {
    findings: findings.slice(0, MOST_FINDINGS),
  });
}
