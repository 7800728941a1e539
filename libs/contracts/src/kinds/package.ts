import { conditionSchema } from '@muster/sequence/conditions/model.js';
import { z } from 'zod';
import { contentPathSchema } from '../agent/content.js';
import { digestSchema } from '../digest.js';
import { defineKind, instantSchema } from '../resource.js';
import { distributionBehaviour } from './distribution-behaviour.js';
import { architectureSchema } from './image-facts.js';

/** A command of a package, run in the folder of its content. */
export const programSchema = z
  .strictObject({
    command: z.string().min(1).max(32_000).describe('The executable, relative to the content folder or on the PATH'),
    arguments: z.array(z.string().max(32_000)).max(1000).optional(),
    successCodes: z.array(z.number().int()).min(1).max(100).optional().describe('Default 0 and 3010'),
    timeoutSeconds: z
      .number()
      .int()
      .min(1)
      .max(86_400)
      .optional()
      .describe(
        'Default: none of its own; the maximum run time of the sequence ends it, 120 minutes unless that says otherwise',
      ),
    startFolder: contentPathSchema
      .optional()
      .describe('Folder of the content in which it begins. Default: that of the content itself'),
    freeDiskMegabytes: z
      .number()
      .int()
      .min(1)
      .max(1_000_000_000)
      .optional()
      .describe('So much must be free on the disk of the system, or else it is not run'),
    requirements: conditionSchema
      .optional()
      .describe('Computers on which it can run; on others it fails without being run'),
  })
  .meta({ id: 'Program' });

/** Whether an agent must know what programs say beside what they run: one that does not would run them wrong. */
export function hasProgramSettings({ startFolder, freeDiskMegabytes, requirements }: Program): boolean {
  return startFolder !== undefined || freeDiskMegabytes !== undefined || requirements !== undefined;
}

export const packageSpecSchema = z
  .strictObject({
    description: z.string().max(128).optional(),
    manufacturer: z.string().max(32).optional(),
    version: z.string().max(32).optional(),
    language: z.string().max(32).optional(),
    architecture: architectureSchema.optional().describe('Of the computers that it is for'),
    ...distributionBehaviour,
    noFiles: z
      .boolean()
      .optional()
      .describe('True: its programs run what the computer has. It has no versions and needs no distribution point'),
    programs: z
      .record(
        z
          .string()
          .regex(
            /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,49}$/,
            'a program name has 1 to 50 letters, digits, spaces, ".", "_", "-"',
          ),
        programSchema,
      )
      .optional(),
  })
  .meta({ id: 'PackageSpec' });

export const packageVersionSchema = z
  .strictObject({
    version: z.number().int().positive(),
    state: z.enum(['uploading', 'available']),
    manifest: digestSchema,
    files: z.number().int().nonnegative(),
    bytes: z.number().nonnegative(),
    createdAt: instantSchema,
    source: z.string().optional().describe('Code of the site that made it and has its bytes; absent: this site'),
  })
  .meta({ id: 'PackageVersion' });

export const packageStatusSchema = z
  .strictObject({
    versions: z.array(packageVersionSchema).describe('Newest first; at most the last 20'),
    newestVersion: z.number().int().optional().describe('The newest version whose every byte was verified'),
  })
  .meta({ id: 'PackageStatus' });

export type Program = z.infer<typeof programSchema>;
export type PackageSpec = z.infer<typeof packageSpecSchema>;
export type PackageVersion = z.infer<typeof packageVersionSchema>;
export type PackageStatus = z.infer<typeof packageStatusSchema>;

/** Files in immutable versions, with the programs that can be run from them. */
export const packageKind = defineKind({
  kind: 'Package',
  plural: 'packages',
  singular: 'package',
  shortNames: ['pkg'],
  service: 'content',
  guardsUses: true,
  spec: packageSpecSchema,
  status: packageStatusSchema,
});
