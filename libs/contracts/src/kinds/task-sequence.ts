import { stripSecrets } from '@muster/sequence/edit/strip-secrets.js';
import type { Finding } from '@muster/sequence/findings.js';
import { sequenceSpecSchema } from '@muster/sequence/model.js';
import { REFERENCE_KINDS } from '@muster/sequence/steps/definition.js';
import { validateSequence } from '@muster/sequence/validate.js';
import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { findingSchema } from '../problem.js';
import { defineKind, instantSchema } from '../resource.js';

/** Something that enabled nodes name and that is not there any more. */
export const danglingReferenceSchema = z
  .strictObject({
    kind: z.enum([...REFERENCE_KINDS, 'TaskSequence']),
    name: z.string(),
    nodes: z.number().int().describe('Enabled nodes that name it'),
  })
  .meta({ id: 'DanglingReference' });

export type DanglingReference = z.infer<typeof danglingReferenceSchema>;

export const taskSequenceStatusSchema = z
  .strictObject({
    revision: z.number().int().positive().describe('Counts the saves that changed the specification'),
    digest: digestSchema.describe('Names the newest revision; deployments and policy refer to it'),
    steps: z.number().int(),
    groups: z.number().int(),
    warnings: z.array(findingSchema).optional(),
    danglingReferences: z
      .array(danglingReferenceSchema)
      .optional()
      .describe('What enabled nodes name and is not there any more, at the moment of reading; at most 50'),
    editLock: z
      .strictObject({ holder: z.string(), machine: z.string(), expiresAt: instantSchema })
      .optional()
      .describe('Who is editing it, at the moment of reading'),
  })
  .meta({ id: 'TaskSequenceStatus' });

export type TaskSequenceStatus = z.infer<typeof taskSequenceStatusSchema>;

const judged = new WeakMap<object, readonly Finding[]>();

/** Every finding of a specification. One object is looked at once: documents never change. */
export function judgeSequence(spec: unknown): readonly Finding[] {
  if (typeof spec !== 'object' || spec === null) return validateSequence(spec);
  const findings = judged.get(spec) ?? validateSequence(spec);
  judged.set(spec, findings);
  return findings;
}

/** An ordered tree of steps that runs unattended on a computer. */
export const taskSequence = defineKind({
  kind: 'TaskSequence',
  plural: 'task-sequences',
  singular: 'task-sequence',
  shortNames: ['ts', 'sequence', 'sequences'],
  service: 'catalog',
  keepsRevisions: true,
  guardsUses: true,
  spec: sequenceSpecSchema,
  judgeSpec: judgeSequence,
  withoutSecrets: (spec) => stripSecrets(spec).spec,
  status: taskSequenceStatusSchema,
});
