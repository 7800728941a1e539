import { z } from 'zod';
import { sequenceNodeSchema } from '../model.js';

/** One field of a node, or of the sequence itself, that is not the same on both sides. */
export const fieldChangeSchema = z
  .strictObject({
    field: z.string().describe('JSON pointer below the node, such as /settings/command; /variables/NAME of a sequence'),
    before: z.unknown().optional().describe('Absent: the field was not there'),
    after: z.unknown().optional().describe('Absent: the field is gone'),
    secret: z.literal(true).optional().describe('Both values are masked, wherever somebody sees them'),
  })
  .meta({ id: 'FieldChange' });

const place = z.strictObject({
  path: z.string().describe('As reports call the node: Prepare/Install hello'),
  pointer: z.string().describe('JSON pointer into the document of that side'),
});

/** What is different between two sequences, node by node. */
export const sequenceDifferenceSchema = z
  .strictObject({
    properties: z.array(fieldChangeSchema).describe('Of the sequence itself: variables, display name, …'),
    removed: z
      .array(z.strictObject({ ...place.shape, node: sequenceNodeSchema }))
      .describe('Without what moved out of it'),
    added: z.array(z.strictObject({ ...place.shape, node: sequenceNodeSchema })).describe('Without what moved into it'),
    moved: z
      .array(z.strictObject({ from: place, to: place }))
      .describe('Into another group, or past nodes that stayed; what is inside goes with it'),
    changed: z.array(
      z.strictObject({
        before: place,
        after: place,
        type: z.string().optional().describe('Of a step, as it is after the change'),
        fields: z.array(fieldChangeSchema),
      }),
    ),
  })
  .meta({ id: 'SequenceDifference' });

export type FieldChange = z.infer<typeof fieldChangeSchema>;
export type SequenceDifference = z.infer<typeof sequenceDifferenceSchema>;
export type NodePlace = z.infer<typeof place>;

/** Is there no difference? */
export function isSame(difference: SequenceDifference): boolean {
  return Object.values(difference).every((entries) => entries.length === 0);
}
