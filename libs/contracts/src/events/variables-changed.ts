import { LIMITS } from '@muster/sequence/limits.js';
import { z } from 'zod';
import { variablesPrioritySchema } from '../kinds/variables.js';
import { nameSchema, uidSchema } from '../resource.js';
import { sealedSchema } from '../sealing.js';
import { defineEvent } from '../subjects.js';

/** A variable as one service tells it another: a secret is sealed to the site. */
export const toldVariableSchema = z.union([
  z.object({ name: z.string(), value: z.string().max(LIMITS.variableValueLength) }),
  z.object({ name: z.string(), sealed: sealedSchema }),
]);

export type ToldVariable = z.infer<typeof toldVariableSchema>;

/** Whose variables they are. */
export const variableOwnerSchema = z.object({
  kind: z.enum(['Device', 'Collection']),
  uid: uidSchema,
  name: nameSchema,
});

export type VariableOwner = z.infer<typeof variableOwnerSchema>;

/** A device or a collection has these variables now, and no others. That it was deleted is told by its own fact. */
export const variablesChanged = defineEvent(
  'deployment',
  'variables-changed',
  z.object({
    owner: variableOwnerSchema,
    priority: variablesPrioritySchema,
    variables: z.array(toldVariableSchema),
  }),
);

/** What a hidden variable is sealed for (`SealedSecret.for`): this name, of this owner. */
export function sealedFor(owner: Pick<VariableOwner, 'kind' | 'name'>, variable: string): string {
  return `${owner.kind}/${owner.name}/${variable.toLowerCase()}`;
}
