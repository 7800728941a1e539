import { z } from 'zod';
import { type Condition, CONDITION_ERROR_POLICIES, conditionSchema } from './conditions/model.js';
import { LIMITS } from './limits.js';
import { platformSchema } from './platforms.js';

/** Where a step may run: the preinstallation environment, the installed system, or both. */
export const RUN_IN = ['PE', 'FullOS', 'Any'] as const;
export type RunIn = (typeof RUN_IN)[number];

/** The environment a run is in right now. */
export type Phase = Exclude<RunIn, 'Any'>;

/**
 * Texts that go with a node, or with the sequence itself, through every edit, copy and move; the engine never reads them. By name:
 * `import/…` is what an import keeps of the original for an export back.
 */
export type Annotations = Record<string, string>;

interface NodeCommon {
  description?: string | undefined;
  disabled?: boolean | undefined;
  continueOnError?: boolean | undefined;
  condition?: Condition | undefined;
  annotations?: Annotations | undefined;
}

/** Ordered children under one name, one condition and one continue-on-error switch. */
export interface GroupNode extends NodeCommon {
  group: string;
  steps: SequenceNode[];
}

export interface RetryPolicy {
  /** Tries in all, the first included: 1 means no retry. */
  attempts: number;
  /** Pause before the second try; doubles for each further try, one hour at most. Default 0. */
  backoffSeconds?: number | undefined;
}

/** One action. `settings` are checked by the schema of the step's type. */
export interface StepNode extends NodeCommon {
  step: string;
  type: string;
  runIn?: RunIn | undefined;
  settings?: Record<string, unknown> | undefined;
  retry?: RetryPolicy | undefined;
  timeoutSeconds?: number | undefined;
  successCodes?: number[] | undefined;
  /** May the step simply run again when the computer died while it ran? Default: what its type declares. */
  repeatable?: boolean | undefined;
}

/** Pointer to another sequence by its resource name; its steps run here, in the same environment. */
export interface ChildSequenceNode extends NodeCommon {
  sequence: string;
}

export type SequenceNode = GroupNode | StepNode | ChildSequenceNode;

const name = z.string().min(1).max(LIMITS.nameLength);

const annotationsSchema = z
  .record(
    z
      .string()
      .max(LIMITS.annotationNameLength)
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)?$/, 'must be a name such as import/xml'),
    z.string().max(LIMITS.annotationLength),
  )
  .refine((annotations) => Object.keys(annotations).length <= LIMITS.annotations, {
    message: `must be at most ${LIMITS.annotations} annotations`,
  })
  .meta({
    description: 'texts that stay with the node through every edit and that the engine never reads; no secrets',
  });

const common = {
  description: z.string().max(LIMITS.descriptionLength).optional(),
  disabled: z.boolean().optional(),
  continueOnError: z.boolean().optional(),
  condition: conditionSchema.optional(),
  annotations: annotationsSchema.optional(),
};

export const retryPolicySchema = z
  .strictObject({
    attempts: z.int().min(1).max(LIMITS.retryAttempts),
    backoffSeconds: z.number().min(0).max(LIMITS.backoffSeconds).optional(),
  })
  .meta({ id: 'RetryPolicy', description: 'attempts = tries in all; the pause doubles from try to try' });

const groupFields = { group: name, ...common };
const stepFields = {
  step: name,
  type: z.string().min(1).max(100),
  ...common,
  runIn: z.enum(RUN_IN).optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  retry: retryPolicySchema.optional(),
  timeoutSeconds: z.int().min(1).max(LIMITS.timeoutSeconds).optional(),
  successCodes: z.array(z.int()).min(1).max(100).optional(),
  repeatable: z.boolean().optional(),
};

export const stepNodeSchema = z.strictObject(stepFields).meta({ id: 'SequenceStep' });
export const childSequenceNodeSchema = z
  .strictObject({ sequence: z.string().min(1).max(253), ...common })
  .meta({ id: 'ChildSequence' });

export const sequenceNodeSchema: z.ZodType<SequenceNode> = z
  .lazy(() =>
    z.union([
      z.strictObject({ ...groupFields, steps: z.array(sequenceNodeSchema) }),
      stepNodeSchema,
      childSequenceNodeSchema,
    ]),
  )
  .meta({ id: 'SequenceNode', description: 'a group, a step, or a child sequence' });

/** Plain names: it runs before any variable is there. */
const runFirstSchema = z
  .strictObject({
    package: z
      .string()
      .min(1)
      .max(253)
      .regex(/^[^%]+$/, 'must be a plain name, without variables'),
    program: z
      .string()
      .min(1)
      .max(100)
      .regex(/^[^%]+$/, 'must be a plain name, without variables')
      .meta({ description: 'name of one of its programs, case-sensitive' }),
    always: z
      .boolean()
      .optional()
      .meta({ description: 'run it again on a device on which it has succeeded; default false' }),
  })
  .meta({
    id: 'RunFirst',
    description: 'a program that runs before the first step; without its success the sequence does not begin',
  });

const highImpactText = z
  .string()
  .min(1)
  .max(255)
  .regex(/^\P{Cc}*$/u, 'must be one line');

/** What people are told of a deployment that may take away what they work with: all of it, or the usual words. */
const highImpactTextSchema = z
  .strictObject({
    headline: highImpactText,
    paragraphs: z.array(highImpactText).length(3),
  })
  .meta({ id: 'HighImpactText' });

/** Only shown to people; nothing depends on it. */
const estimateSchema = z
  .strictObject({
    minutes: z.int().min(1).max(525_600).optional(),
    downloadMegabytes: z.int().min(1).max(10_000_000).optional(),
    restart: z.boolean().optional(),
  })
  .meta({ id: 'Estimate', description: 'what people may expect of a run; only shown' });

const specFields = {
  displayName: z.string().min(1).max(LIMITS.nameLength).optional(),
  description: z.string().max(LIMITS.descriptionLength).optional(),
  enabled: z.boolean().optional().meta({ description: 'default true; false suspends all deployments' }),
  maximumRunTimeMinutes: z.int().min(0).max(525_600).optional().meta({ description: 'default 120; 0 = no limit' }),
  onConditionError: z.enum(CONDITION_ERROR_POLICIES).optional().meta({
    description: 'what becomes of a node whose condition cannot be decided on this computer: skip (default) or fail',
  }),
  runFirst: runFirstSchema.optional(),
  platforms: z.array(platformSchema).min(1).max(50).optional().meta({
    description: 'the computers it is for; others reject its deployments. Default: any',
  }),
  highImpact: z.boolean().optional().meta({
    description: 'Required deployments are verified as if it had a step that may take systems or data away',
  }),
  highImpactText: highImpactTextSchema.optional().meta({
    description: 'what people are told before a run of a Required deployment that may take systems or data away',
  }),
  suppressNotifications: z.boolean().optional().meta({
    description:
      'people are not told that it is new, nor that a run begins; the time of warnMinutes stays. Default false',
  }),
  estimate: estimateSchema.optional(),
  variables: z.record(z.string(), z.string().max(LIMITS.variableValueLength)).optional(),
  annotations: annotationsSchema.optional(),
};

/**
 * The `spec` of a TaskSequence resource. For documents from outside call `validateSequence` first: it finds
 * everything at once, knows the step types, and refuses documents too deep for a recursive schema.
 */
export const sequenceSpecSchema = z
  .strictObject({ ...specFields, steps: z.array(sequenceNodeSchema) })
  .meta({ id: 'SequenceSpec', description: 'The spec of a TaskSequence' });

export type SequenceSpec = z.infer<typeof sequenceSpecSchema>;

/** The same fields without recursion and without conditions: validate.ts walks the tree itself. */
export const shallowSchemas = {
  spec: z.strictObject({ ...specFields, variables: z.unknown().optional(), steps: z.array(z.unknown()) }),
  group: z.strictObject({ ...groupFields, condition: z.unknown().optional(), steps: z.array(z.unknown()) }),
  step: z.strictObject({ ...stepFields, condition: z.unknown().optional() }),
  sequence: z.strictObject({ ...childSequenceNodeSchema.shape, condition: z.unknown().optional() }),
} as const;

export const isGroup = (node: SequenceNode): node is GroupNode => 'group' in node;
export const isStep = (node: SequenceNode): node is StepNode => 'step' in node;

/** Display name of a node; for a child sequence the child's name. */
export function nodeName(node: SequenceNode): string {
  return isGroup(node) ? node.group : isStep(node) ? node.step : node.sequence;
}
