import { z } from 'zod';
import { conditionSchema } from '../conditions/model.js';
import { LIMITS } from '../limits.js';
import { nameSetting, textSetting } from '../steps/setting-types.js';

/** Dependencies below one application, at most (content.md 1.1). */
export const MAXIMUM_DEPENDENCY_DEPTH = 5;

/** Programs that may interpret a detection script. */
export const SCRIPT_INTERPRETERS = ['sh', 'bash', 'python3', 'pwsh'] as const;

/** What is run: a program of the package, or a command inside its content (without arguments: split without a shell). */
export const applicationCommandSchema = z
  .union([
    z.strictObject({ program: textSetting(100) }),
    z.strictObject({
      command: textSetting(LIMITS.commandLength),
      arguments: z.array(z.string().max(LIMITS.commandLength)).max(LIMITS.argumentCount).optional(),
    }),
  ])
  .meta({ id: 'ApplicationCommand', description: 'a program of the package, or a command' });
export type ApplicationCommand = z.infer<typeof applicationCommandSchema>;

/** Exit code 0 with something on standard output: installed; with nothing: not installed. All else cannot be told. */
export const detectionScriptSchema = z
  .strictObject({
    script: textSetting(LIMITS.commandLength),
    interpreter: z.enum(SCRIPT_INTERPRETERS).optional().meta({ description: 'default sh' }),
    timeoutSeconds: z.int().min(1).max(LIMITS.timeoutSeconds).optional().meta({ description: 'default 60' }),
  })
  .meta({ id: 'DetectionScript' });

export const detectionSchema = z
  .union([detectionScriptSchema, conditionSchema])
  .meta({ id: 'Detection', description: 'when it counts as installed: a condition, or a script' });
export type Detection = z.infer<typeof detectionSchema>;

/** One thing that has to be there before: satisfied by any of the applications that is installed. */
export const dependencySchema = z
  .strictObject({
    anyOf: z.array(nameSetting).min(1).max(20),
    autoInstall: z.boolean().optional().meta({
      description:
        'default true: none there, then the first that can be is installed; false: then the installation fails',
    }),
  })
  .meta({ id: 'ApplicationDependency' });

export const deploymentTypeSchema = z
  .strictObject({
    name: z.string().min(1).max(LIMITS.nameLength),
    package: nameSetting.optional().meta({ description: 'content the commands run in; none is allowed' }),
    install: applicationCommandSchema,
    uninstall: applicationCommandSchema.optional(),
    requirements: conditionSchema.optional().meta({ description: 'where this deployment type may be used' }),
    detection: detectionSchema,
    dependencies: z.array(dependencySchema).max(50).optional(),
    successCodes: z.array(z.int()).min(1).max(100).optional().meta({ description: 'default 0 and 3010' }),
    timeoutSeconds: z.int().min(1).max(LIMITS.timeoutSeconds).optional(),
  })
  .meta({ id: 'DeploymentType' });
export type DeploymentType = z.infer<typeof deploymentTypeSchema>;

/**
 * The `spec` of an application: ways to install it, best first. The first deployment type whose requirements hold is used;
 * nothing is run where its detection says that it is there.
 */
export const applicationSchema = z
  .strictObject({
    displayName: z.string().min(1).max(256).optional(),
    description: z.string().max(2048).optional(),
    publisher: z.string().max(256).optional(),
    version: z.string().max(64).optional(),
    deploymentTypes: z
      .array(deploymentTypeSchema)
      .min(1)
      .max(50)
      .refine((types) => new Set(types.map(({ name }) => name)).size === types.length, 'names must differ'),
    supersedes: z
      .array(
        z.strictObject({
          application: nameSetting,
          uninstall: z.boolean().optional().meta({ description: 'take the old one away first; default false' }),
        }),
      )
      .max(20)
      .optional(),
  })
  .meta({ id: 'ApplicationSpec', description: 'Software with its ways to install it, best first' });
export type Application = z.infer<typeof applicationSchema>;

/** Is a detection a script, rather than a condition? */
export function isDetectionScript(detection: Detection): detection is z.infer<typeof detectionScriptSchema> {
  return 'script' in detection;
}
