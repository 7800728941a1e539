import { z } from 'zod';
import { digestOf, digestSchema } from '../digest.js';
import { nameSchema } from '../resource.js';
import { MOST_PACKED_FILES } from './pack.js';

/** A file's place inside content: relative, with "/", never climbing out. */
export const contentPathSchema = z
  .string()
  .min(1)
  .max(1024)
  .refine(
    (path) =>
      !path.startsWith('/') &&
      !path.includes('\\') &&
      !path.includes('\0') &&
      path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && part.length <= 255),
    'a content path is relative, has "/" between names, and no ".", ".." or empty name',
  );

/** A file is made of at most this many extents. */
export const MOST_EXTENTS = 60_000;

/** Bytes by their name and their number. */
const namedBytesSchema = z.strictObject({ digest: digestSchema, size: z.number().int().nonnegative() });

/**
 * How a large file is stored: as extents of blobs, one behind the other. A blob may hold bytes that this file does not
 * have: those that another version has.
 */
export const storedFileSchema = z
  .strictObject({
    blobs: z.array(namedBytesSchema).min(1).max(10_000),
    extents: z
      .array(z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative(), z.number().int().positive()]))
      .min(1)
      .max(MOST_EXTENTS)
      .describe('Each: place of the blob in `blobs`, offset in it, bytes'),
    chunks: namedBytesSchema
      .optional()
      .describe("The list of the file's chunks, by which the next version finds what it shares; agents need it not"),
  })
  .meta({ id: 'StoredFile' });

export type StoredFile = z.infer<typeof storedFileSchema>;

export const manifestFileSchema = z
  .strictObject({
    path: contentPathSchema,
    digest: digestSchema,
    size: z.number().int().nonnegative(),
    executable: z.boolean().optional(),
    stored: storedFileSchema.optional().describe("Absent: the file is one blob, named by the file's own digest"),
    pack: z
      .strictObject({ files: z.number().int().positive().max(MOST_PACKED_FILES) })
      .optional()
      .describe('Not a file but a pack: this many files, which are laid out beside the others'),
  })
  .superRefine(({ size, stored }, context) => {
    const problem = stored && storedProblem(size, stored);
    if (problem) context.addIssue({ code: 'custom', path: ['stored', ...problem.path], message: problem.message });
  })
  .meta({ id: 'ManifestFile' });

/** What is wrong with the way in which a file of `size` bytes says it is stored. */
function storedProblem(
  size: number,
  { blobs, extents }: StoredFile,
): { path: (string | number)[]; message: string } | undefined {
  const used = new Set<number>();
  let bytes = 0;
  for (const [index, [blob, offset, length]] of extents.entries()) {
    const held = blobs[blob];
    if (!held) return { path: ['extents', index], message: `names blob ${blob} of ${blobs.length}` };
    if (offset + length > held.size)
      return { path: ['extents', index], message: `ends at byte ${offset + length} of a blob of ${held.size}` };
    used.add(blob);
    bytes += length;
  }
  if (bytes !== size) return { path: ['extents'], message: `have ${bytes} bytes together; the file has ${size}` };
  const unused = blobs.findIndex((_, index) => !used.has(index));
  if (unused >= 0) return { path: ['blobs', unused], message: 'is in no extent' };
  if (new Set(blobs.map(({ digest }) => digest)).size < blobs.length)
    return { path: ['blobs'], message: 'name one blob twice' };
  return undefined;
}

/** The canonical JSON of a manifest has at most this many bytes: it travels in one message. About 27,000 files, or a pack. */
export const MOST_MANIFEST_BYTES = 4_000_000;

/** The files of one version. Its own digest (of the canonical JSON) is the version's name. */
export const manifestSchema = z
  .strictObject({ files: z.array(manifestFileSchema).max(100_000) })
  .superRefine(({ files }, context) => {
    const packs = files.flatMap(({ pack }, index) => (pack ? [index] : []));
    for (const index of packs.slice(1))
      context.addIssue({ code: 'custom', path: ['files', index, 'pack'], message: 'is the second pack; there is one' });
    const seen = new Map<string, number>();
    const folders = new Set<string>();
    files.forEach(({ path }, index) => {
      const folded = path.toLowerCase();
      const other = seen.get(folded);
      if (other !== undefined) {
        context.addIssue({
          code: 'custom',
          path: ['files', index, 'path'],
          message: `collides with file ${other} ("${files[other]?.path}"); names must differ in more than case`,
        });
      }
      seen.set(folded, index);
      const parts = folded.split('/');
      for (let depth = 1; depth < parts.length; depth += 1) folders.add(parts.slice(0, depth).join('/'));
    });
    files.forEach(({ path }, index) => {
      if (folders.has(path.toLowerCase())) {
        context.addIssue({
          code: 'custom',
          path: ['files', index, 'path'],
          message: 'is also the folder of another file',
        });
      }
    });
  })
  .meta({ id: 'Manifest' });

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestFile = z.infer<typeof manifestFileSchema>;

/** The one version of a package that has no files (`spec.noFiles`): it is everywhere, and nothing of it is fetched. */
export const NO_FILES: Manifest = { files: [] };
/** Code of the problem that content is at no point near a device yet, and comes there because it was asked for. */
export const ON_ITS_WAY = 'content.on-its-way';
export const NO_FILES_DIGEST = digestOf(NO_FILES);

export const contentLocationSchema = z
  .strictObject({
    digest: digestSchema,
    urls: z.array(z.string()).min(1).describe('Best first; each is good until expiresAt'),
    points: z.array(nameSchema).optional().describe('The distribution point of each URL, in the same order'),
  })
  .meta({ id: 'ContentLocation' });

export type ContentLocation = z.infer<typeof contentLocationSchema>;

/** An ability (`ABILITIES_HEADER`): it fetches the content of a deployment only from the points that this one allows. */
export const CONTENT_REACH = 'content-reach';

/** Beyond the boundary groups of a device, whose points may serve it. */
export const contentReachSchema = z
  .strictObject({
    neighbours: z.boolean().describe('Those of the neighbours of its groups'),
    defaultGroup: z.boolean().describe('Those of the default group'),
    internet: z
      .boolean()
      .optional()
      .describe('The device is on the Internet: the points for the Internet, wherever boundary groups have them'),
  })
  .meta({ id: 'ContentReach' });

export type ContentReach = z.infer<typeof contentReachSchema>;

/** What a deployment says of it; undefined: everything may serve, as it is where nobody says anything. */
export function reachOf(rules: {
  readonly neighbourPoints?: boolean | undefined;
  readonly defaultGroupPoints?: boolean | undefined;
}): ContentReach | undefined {
  const { neighbourPoints: neighbours = true, defaultGroupPoints: defaultGroup = true } = rules;
  return neighbours && defaultGroup ? undefined : { neighbours, defaultGroup };
}

/** The same for a device where it is now: on the Internet the points for the Internet serve it. */
export function reachOn(reach: ContentReach | undefined, onInternet: boolean): ContentReach | undefined {
  return onInternet ? { neighbours: true, defaultGroup: true, ...reach, internet: true } : reach;
}

/** POST /api/v1/agent/content-locations */
export const contentLocationsRequestSchema = z
  .strictObject({
    manifest: digestSchema,
    files: z.array(digestSchema).max(500).optional().describe('Digests of blobs. Default: the first 500'),
    reach: contentReachSchema
      .optional()
      .describe('As the deployment says; absent: all points that may serve the device'),
  })
  .meta({ id: 'ContentLocationsRequest' });

/** Why a point is where it is in the order of URLs. */
export const contentSourceSchema = z
  .strictObject({
    point: nameSchema,
    reason: z.string().max(256).describe('A sentence, such as "current boundary group branch-berlin"'),
  })
  .meta({ id: 'ContentSource' });

export type ContentSource = z.infer<typeof contentSourceSchema>;

export const contentLocationsResponseSchema = z
  .strictObject({
    manifest: manifestSchema,
    locations: z.array(contentLocationSchema),
    sources: z.array(contentSourceSchema).optional().describe('The points of the URLs, best first'),
    expiresAt: z.string(),
  })
  .meta({ id: 'ContentLocationsResponse' });

/** A bad copy that a device met at a point. */
export const contentFaultSchema = z
  .strictObject({
    manifest: digestSchema,
    digest: digestSchema.describe('The blob whose copy is bad'),
    point: nameSchema,
    problem: z.enum(['wrong-bytes', 'truncated', 'missing']),
  })
  .meta({ id: 'ContentFault' });

export type ContentFault = z.infer<typeof contentFaultSchema>;

/** POST /api/v1/agent/content-faults, answered 202: the copies are checked, and repaired when they are bad, soon after. */
export const contentFaultsRequestSchema = z
  .strictObject({ faults: z.array(contentFaultSchema).min(1).max(500) })
  .meta({ id: 'ContentFaultsRequest' });

export const contentFaultsResponseSchema = z
  .strictObject({
    accepted: z.number().int().describe('Faults that will be looked into; the others are not of assigned content'),
  })
  .meta({ id: 'ContentFaultsResponse' });
