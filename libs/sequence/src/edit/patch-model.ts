import { z } from 'zod';

/** Operations of one patch; more than that is a new document. */
export const mostOperations = 100;

const path = z.string().max(20_000).describe('Of a node, as reports call it: Prepare/Install hello');
const place = {
  before: path.optional(),
  after: path.optional(),
  into: path.optional().describe('A group, or "" for the sequence itself: as its last node'),
  first: z.boolean().optional().describe('With into: as its first node'),
};
const node = z
  .record(z.string(), z.unknown())
  .describe('A group, a step or a child sequence, as in a sequence document');
const fields = z
  .record(z.string(), z.unknown())
  .describe('Merged into what is there (RFC 7396): objects field by field, null removes, all else replaces');

/** One change of a sequence. Paths are those that the operations before it have left. */
export const patchOperationSchema = z
  .discriminatedUnion('op', [
    z.strictObject({ op: z.literal('add'), node, ...place }),
    z.strictObject({ op: z.literal('remove'), path }),
    z.strictObject({
      op: z.literal('move'),
      path,
      direction: z
        .enum(['up', 'down'])
        .optional()
        .describe('One place: into the group that stands there, at the edge of its own group out of it'),
      ...place,
    }),
    z.strictObject({
      op: z.literal('copy'),
      path,
      sequence: z.string().min(1).max(63).optional().describe('Where the node is; absent: in this sequence'),
      revision: z.int().min(1).optional().describe('Of that sequence; absent: the newest'),
      name: z.string().optional().describe('Of the copy'),
      ...place,
    }),
    z.strictObject({ op: z.literal('rename'), path, name: z.string() }),
    z.strictObject({ op: z.literal('enable'), path }),
    z.strictObject({ op: z.literal('disable'), path }),
    z.strictObject({ op: z.literal('merge'), path: path.describe('"" for the sequence itself'), fields }),
    z.strictObject({ op: z.literal('replace'), path, node }),
  ])
  .meta({ id: 'SequencePatchOperation' });

export const sequencePatchSchema = z
  .strictObject({ operations: z.array(patchOperationSchema).min(1).max(mostOperations) })
  .meta({ id: 'SequencePatch', description: 'Changes by node: all of them are made, in their order, or none' });

export type PatchOperation = z.infer<typeof patchOperationSchema>;
export type SequencePatch = z.infer<typeof sequencePatchSchema>;

/** Where a node is to be put: exactly one of before, after, into. */
export interface Place {
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly into?: string | undefined;
  readonly first?: boolean | undefined;
}
