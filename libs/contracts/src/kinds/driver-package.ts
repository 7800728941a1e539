import { z } from 'zod';
import { defineKind } from '../resource.js';
import { architectureSchema, describedContent } from './image-facts.js';
import { packageStatusSchema } from './package.js';

export const driverPackageSpecSchema = z
  .strictObject({
    ...describedContent,
    models: z
      .array(z.string().min(1).max(128))
      .max(200)
      .optional()
      .describe('Computers that it is for, as their firmware calls them'),
    platforms: z
      .array(
        z.strictObject({ os: z.string().min(1).max(64), architecture: architectureSchema.optional() }).meta({
          id: 'DriverPlatform',
        }),
      )
      .max(50)
      .optional()
      .describe('Systems that its drivers are for'),
  })
  .meta({ id: 'DriverPackageSpec' });

export type DriverPackageSpec = z.infer<typeof driverPackageSpecSchema>;

/** Folders with drivers, in immutable versions. */
export const driverPackage = defineKind({
  kind: 'DriverPackage',
  plural: 'driver-packages',
  singular: 'driver-package',
  service: 'content',
  guardsUses: true,
  spec: driverPackageSpecSchema,
  status: packageStatusSchema,
});
