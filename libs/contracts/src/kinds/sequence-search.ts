import { SEARCHED_PLACES } from '@muster/sequence/edit/search-words.js';
import { REFERENCE_KINDS } from '@muster/sequence/steps/definition.js';
import { z } from 'zod';
import { nameSchema } from '../resource.js';
import { danglingReferenceSchema } from './task-sequence.js';

/** Kinds that a node of a sequence can refer to. */
export const referenceKindSchema = z.enum([...REFERENCE_KINDS, 'TaskSequence']);

const metadata = z.strictObject({ continue: z.string().optional().describe('Ask for the next page with ?continue=') });
const reference = {
  path: z.string().describe('Of the node, as reports call it'),
  pointer: z.string().describe('JSON pointer of the node'),
  kind: referenceKindSchema,
  name: z.string(),
  program: z.string().optional(),
  disabled: z.boolean().describe('The node, or a group around it, is disabled'),
};

/** Nodes that refer to something: where it is used. */
export const usesSchema = z
  .strictObject({
    metadata,
    items: z.array(z.strictObject({ sequence: nameSchema, ...reference })).describe('By sequence, then in its order'),
  })
  .meta({ id: 'Uses' });

/** What one sequence refers to. */
export const referencesSchema = z
  .strictObject({
    metadata,
    items: z.array(
      z.strictObject({
        ...reference,
        exists: z.boolean().optional().describe('Whether it is there, at the moment of reading'),
      }),
    ),
  })
  .meta({ id: 'References' });

/** Sequences in which all words stand, and the nodes in which any of them stands. */
export const searchResultSchema = z
  .strictObject({
    metadata,
    items: z.array(
      z.strictObject({
        sequence: nameSchema,
        displayName: z.string().optional(),
        danglingReferences: z
          .array(danglingReferenceSchema)
          .optional()
          .describe('What it names and is not there any more'),
        where: z.array(z.enum(SEARCHED_PLACES)).describe('In the sequence itself'),
        nodes: z
          .array(z.strictObject({ path: z.string(), pointer: z.string(), where: z.array(z.enum(SEARCHED_PLACES)) }))
          .describe('Those with most of the words first, at most 10'),
        matches: z.number().int().describe('Nodes in all'),
      }),
    ),
  })
  .meta({ id: 'SearchResult' });

export type ReferenceKind = z.infer<typeof referenceKindSchema>;
export type Uses = z.infer<typeof usesSchema>;
export type References = z.infer<typeof referencesSchema>;
export type SearchResult = z.infer<typeof searchResultSchema>;
