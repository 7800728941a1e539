import type { z } from 'zod';
import type { RestartRequest } from '../run.js';
import type { Assignment } from '../variables.js';

/** Where a type stands in the editor's menu. */
export const STEP_CATEGORIES = ['General', 'Software', 'Disks', 'User State', 'Images', 'Drivers', 'Settings'] as const;
export type StepCategory = (typeof STEP_CATEGORIES)[number];

/** Kinds of things a step may refer to. */
export const REFERENCE_KINDS = [
  'Package',
  'Application',
  'OsImage',
  'UpgradePackage',
  'BootImage',
  'DriverPackage',
] as const;

/** Something a step needs before it can run. */
export interface ContentReference {
  readonly kind: (typeof REFERENCE_KINDS)[number];
  readonly name: string;
  /** The program of a package that is run. */
  readonly program?: string | undefined;
}

/** What a step that runs inside the engine answers. */
export type EngineStepResult =
  | { readonly assignments: readonly Assignment[]; readonly restart?: RestartRequest }
  | { readonly error: { readonly code: string; readonly message: string } };

/** What an engine step may know beside its expanded settings. */
export interface EngineStepContext {
  /** True when a secret variable went into the expanded settings. */
  readonly secret: boolean;
}

interface StepDefinitionCommon<S> {
  /** Name in documents, e.g. `RunCommandLine`. */
  readonly type: string;
  readonly category: StepCategory;
  readonly title: string;
  /** What the step does, in a few sentences for authors. */
  readonly help: string;
  readonly settingsSchema: z.ZodType<S>;
  readonly defaults: { readonly successCodes: readonly number[]; readonly timeoutSeconds?: number };
  /** May the step run again when the computer died while it ran? A step node may say otherwise. */
  readonly repeatable: boolean;
  /** How often it is begun again then, at most. Default: LIMITS.interruptionReruns. Called with settings as written. */
  reruns?(settings: unknown): number;
  /** Systems that an executor is written for. Default: Linux alone. Engine steps run everywhere. */
  readonly platforms?: readonly ('linux' | 'windows')[];
  /** Nothing absorbs a failure of such a step: neither its own continue on error nor that of a group around it. */
  readonly ignoresContinueOnError?: boolean;
  /** It may take the system or the data of a computer away: deploying it as Required to many asks for agreement. */
  readonly highRisk?: boolean;
  /** Settings that are published as variables while the step runs; a global of that name overrides the setting. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Settings in which an unknown `%NAME%` stays as it is (command lines). */
  readonly literalSettings?: readonly string[];
  /** Settings in which `%NAME%` is not replaced before the step: its executor does it piece by piece. */
  readonly unexpandedSettings?: readonly string[];
  /** Settings whose texts are secrets: masked wherever they would be seen. Dots lead into objects: `runAs.password`. */
  readonly secretSettings?: readonly string[];
  /**
   * Secrets that the settings themselves mark: JSON pointers into them, such as `/value`. Called with settings as written, right or
   * wrong.
   */
  markedSecrets?(settings: Readonly<Record<string, unknown>>): readonly string[];
  /** Rewrites settings before `%NAME%` is expanded. */
  normalize?(settings: S): S;
  /** Content the settings refer to; called with settings as written, so names may hold `%NAME%`. */
  references(settings: S): readonly ContentReference[];
}

/**
 * One step type. `engine` steps are pure and run inside `advance`; `executor` steps are carried out by the agent; `unsupported`
 * ones can be written, validated and simulated; the agent has no executor and fails them with `step.type-unsupported`.
 * Each type is a folder `steps/<kebab-type>/definition.ts`, listed in registry.ts.
 */
export type StepDefinition<S = unknown> =
  | (StepDefinitionCommon<S> & { readonly execution: 'executor' | 'unsupported' })
  | (StepDefinitionCommon<S> & {
      readonly execution: 'engine';
      run(settings: S, context: EngineStepContext): EngineStepResult;
    });
