import { applicationSchema } from '@muster/sequence/applications/application.js';
import { maintenanceWindowSchema } from '@muster/schedule/maintenance-window.js';
import { startRulesShape } from '@muster/schedule/start-rules.js';
import { LIMITS } from '@muster/sequence/limits.js';
import { sequenceSpecSchema } from '@muster/sequence/model.js';
import { z } from 'zod';
import { digestSchema } from '../digest.js';
import { agentSettingsShape } from '../kinds/client-settings.js';
import { programSchema } from '../kinds/package.js';
import { variablesPrioritySchema } from '../kinds/variables.js';
import { instantSchema, nameSchema, uidSchema } from '../resource.js';
import { meantForSchema } from './meant-for.js';
import { sealedSchema } from '../sealing.js';

/** An ability (`ABILITIES_HEADER`): it knows where a deployment must not run (`onInternet`, `onWriteFilter`). */
export const START_PLACES = 'start-places';

/** An ability: it knows the start folder, the free disk and the requirements of programs. */
export const PROGRAM_SETTINGS = 'program-settings';

/** An ability: it can fetch content past its cache (`content: FromPoint`). */
export const CONTENT_FROM_POINT = 'content-from-point';

/** An ability: it goes by settings of the site (`settings`). */
export const CLIENT_SETTINGS = 'client-settings';

/** An ability: it goes by those of them too that say what people are told, and may put off. */
export const PEOPLE_SETTINGS = 'people-settings';

/** "This deployment applies to you": small, signed, and naming its body by digest. */
export const assignmentSchema = z
  .strictObject({
    deployment: z.strictObject({
      uid: uidSchema,
      name: nameSchema,
      generation: z.number().int(),
      createdAt: instantSchema.optional(),
    }),
    ...startRulesShape,
    rollout: z
      .strictObject({ change: z.int().describe('Goes up when more devices may start: who was refused asks again') })
      .optional()
      .describe('It starts only with a permit of the site: POST /api/v1/agent/permits'),
    programSettings: z
      .literal(true)
      .optional()
      .describe('Programs of its body say where, and on what computers, they run: only for agents that know of that'),
    body: digestSchema,
  })
  .meta({ id: 'Assignment' });

/** A maintenance window of a collection that the device is in. */
export const policyWindowSchema = maintenanceWindowSchema
  .safeExtend({ collection: nameSchema })
  .meta({ id: 'PolicyWindow' });
/** A variable as policy tells it: the value of a hidden one is in `sealed`. */
export const policyVariableSchema = z
  .union([
    z.strictObject({ name: z.string(), value: z.string().max(LIMITS.variableValueLength) }),
    z.strictObject({ name: z.string(), hidden: z.literal(true) }),
  ])
  .meta({ id: 'PolicyVariable' });

/** The variables of the device and of each of its collections. Which one wins is for the engine to say. */
export const policyVariablesSchema = z
  .strictObject({
    device: z.array(policyVariableSchema),
    collections: z.array(
      z.strictObject({
        name: nameSchema,
        priority: variablesPrioritySchema,
        variables: z.array(policyVariableSchema),
      }),
    ),
    secrets: z
      .array(z.string())
      .optional()
      .describe('Names that stand for secrets in the sequences of the assignments; their values are in `sealed`'),
    sealed: sealedSchema
      .optional()
      .describe('SealedValues, for this device alone; absent: nothing is hidden, or the device has told no key yet'),
  })
  .meta({ id: 'PolicyVariables' });

/** Inside `sealed`: the values of the hidden variables, by name, in the same places. */
export const sealedValuesSchema = z
  .object({
    device: z.record(z.string(), z.string()),
    collections: z.record(z.string(), z.record(z.string(), z.string())),
    secrets: z.record(z.string(), z.string()).optional(),
  })
  .meta({ id: 'SealedValues' });

export type PolicyStops = z.infer<typeof policyStopsSchema>;
export type PolicyVariable = z.infer<typeof policyVariableSchema>;
export type PolicyVariables = z.infer<typeof policyVariablesSchema>;
export type SealedValues = z.infer<typeof sealedValuesSchema>;

/** Runs that end behind their step at hand, as those of an assignment with `hold: Runs` do. */
export const policyStopsSchema = z
  .strictObject({
    deployments: z
      .array(uidSchema)
      .optional()
      .describe('All runs of these: the device has left their collection, or they were deleted'),
    runs: z.array(uidSchema).optional().describe('These runs alone'),
  })
  .meta({ id: 'PolicyStops' });
/** What of its settings a device goes by itself; what else they say is in the rest of the policy already. */
export const policySettingsSchema = z.strictObject(agentSettingsShape).meta({ id: 'PolicySettings' });

export type PolicySettings = z.infer<typeof policySettingsSchema>;

/** The payload of the compact JWS (EdDSA, kid = thumbprint of the site key) in a policy answer. */
export const policyDocumentSchema = z
  .strictObject({
    version: z.literal(1),
    site: z.string(),
    deviceUid: uidSchema,
    /** Never falls for one site: an agent refuses a policy older than the one it has. */
    serial: z.number().int().nonnegative(),
    issuedAt: instantSchema,
    pollSeconds: z.number().int().min(1).max(86_400),
    assignments: z.array(assignmentSchema),
    windows: z
      .array(policyWindowSchema)
      .optional()
      .describe('Of all collections of the device; absent when there are none'),
    rotateKey: z
      .string()
      .optional()
      .describe('The site wants the device to replace its key, if it still is the one of this thumbprint'),
    stops: policyStopsSchema.optional().describe('What shall end that no assignment says it of; absent: nothing'),
    variables: policyVariablesSchema.optional().describe('For every run of an assignment; absent: none'),
    settings: policySettingsSchema.optional().describe('They win over those that the agent was started with'),
  })
  .meta({ id: 'PolicyDocument' });

/** GET /api/v1/agent/policy, with an ETag; 304 when nothing changed. */
export const policyResponseSchema = z.strictObject({ policy: z.string() }).meta({ id: 'PolicyResponse' });

/** Only where it is fetched ahead: what is meant for other computers is left out then. */
const meantFor = meantForSchema.optional();

export const bodyContentSchema = z
  .strictObject({
    version: z.number().int(),
    manifest: digestSchema,
    programs: z.record(z.string(), programSchema),
    meantFor,
  })
  .meta({ id: 'BodyContent' });

/** One version of what has no programs: images, drivers. */
export const bodyFilesSchema = z
  .strictObject({ version: z.number().int(), manifest: digestSchema, meantFor })
  .meta({ id: 'BodyFiles' });

/** What one run may bring to a computer: the bytes of its body, children included (sequence-model.md section 12). */
export const POLICY_BODY_BYTES = 32 * 1024 * 1024;

/** One revision of a sequence as a body carries it. */
export const bodySequenceSchema = z
  .strictObject({ digest: digestSchema, spec: sequenceSpecSchema })
  .meta({ id: 'BodySequence' });

/** GET /api/v1/agent/bodies/<digest>: immutable; the digest is of these exact bytes (canonical JSON). */
export const policyBodySchema = z
  .strictObject({
    version: z.literal(1),
    sequence: z.strictObject({ name: nameSchema, digest: digestSchema, spec: sequenceSpecSchema }),
    children: z
      .record(nameSchema, bodySequenceSchema)
      .optional()
      .describe('The child sequences that enabled nodes name, also those of children: one revision of each'),
    packages: z.record(nameSchema, bodyContentSchema).describe('What the sequence and its children need'),
    contents: z
      .record(z.string(), z.record(nameSchema, bodyFilesSchema))
      .optional()
      .describe('The same of images and all that is no package, by kind'),
    applications: z
      .record(nameSchema, applicationSchema)
      .optional()
      .describe(
        'Those that steps name, what they depend on and what they supersede; their packages are among the packages',
      ),
  })
  .meta({ id: 'PolicyBody' });

export type Assignment = z.infer<typeof assignmentSchema>;
export type PolicyWindow = z.infer<typeof policyWindowSchema>;
export type PolicyDocument = z.infer<typeof policyDocumentSchema>;
export type PolicyBody = z.infer<typeof policyBodySchema>;
export type BodyContent = z.infer<typeof bodyContentSchema>;
