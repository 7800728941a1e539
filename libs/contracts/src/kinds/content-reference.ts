import { CONTENT_KINDS } from '@muster/sequence/steps/download-package-content/definition.js';
import { z } from 'zod';
import { nameSchema } from '../resource.js';

/** Kinds that have files in versions: everything else about them is the same for all. */
export const contentKindSchema = z.enum(CONTENT_KINDS);
export type ContentKind = z.infer<typeof contentKindSchema>;

/** Something with files in versions. Names of different kinds have nothing to do with each other. */
export const contentReferenceSchema = z
  .strictObject({ kind: contentKindSchema, name: nameSchema })
  .meta({ id: 'ContentReference' });
export type ContentReference = z.infer<typeof contentReferenceSchema>;

/** A reference as one text: a key for maps. */
export function contentKey({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind}/${name}`;
}
