import { z } from 'zod';
import { defineKind } from '../resource.js';
import { architectureSchema, describedContent, imageEntriesSchema } from './image-facts.js';
import { packageStatusSchema } from './package.js';

export const upgradePackageSpecSchema = z
  .strictObject({
    ...describedContent,
    os: z.string().max(64).optional().describe('What it brings: Windows 11, Debian'),
    osVersion: z.string().max(64).optional(),
    architecture: architectureSchema.optional(),
    editions: imageEntriesSchema.optional().describe('What the source installs; steps choose by index'),
  })
  .meta({ id: 'UpgradePackageSpec' });

export type UpgradePackageSpec = z.infer<typeof upgradePackageSpecSchema>;

/** The whole installation source of a system, in immutable versions. */
export const upgradePackage = defineKind({
  kind: 'UpgradePackage',
  plural: 'upgrade-packages',
  singular: 'upgrade-package',
  service: 'content',
  guardsUses: true,
  spec: upgradePackageSpecSchema,
  status: packageStatusSchema,
});
