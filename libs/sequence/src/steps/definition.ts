import type { z } from 'zod';
import type { Assignment } from '../variables.js';

/** Content a step needs before it can run. */
export interface ContentReference {
  readonly kind: 'Package';
  readonly name: string;
  readonly program?: string | undefined;
}

/** What a step that runs inside the engine answers. */
export type EngineStepResult =
  | { readonly assignments: readonly Assignment[] }
  | { readonly error: { readonly code: string; readonly message: string } };

/** What an engine step may know beside its expanded settings. */
export interface EngineStepContext {
  /** True when a secret variable went into the expanded settings. */
  readonly secret: boolean;
}

interface StepDefinitionCommon<S> {
  /** Name in documents, e.g. `RunCommandLine`. */
  readonly type: string;
  readonly title: string;
  readonly help: string;
  readonly settingsSchema: z.ZodType<S>;
  readonly defaults: { readonly successCodes: readonly number[]; readonly timeoutSeconds?: number };
  /** May the step run again when the computer died while it ran? A step node may say otherwise. */
  readonly repeatable: boolean;
  /** Settings that are published as variables while the step runs; a global of that name overrides the setting. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Settings in which an unknown `%NAME%` stays as it is (command lines). */
  readonly literalSettings?: readonly string[];
  /** Rewrites settings before `%NAME%` is expanded. */
  normalize?(settings: S): S;
  /** Content the settings refer to; called with settings as written, so names may hold `%NAME%`. */
  references(settings: S): readonly ContentReference[];
}

/**
 * One step type. `engine` steps are pure and run inside `advance`; `executor` steps are carried out by the agent.
 * Each type is a folder `steps/<kebab-type>/definition.ts`, listed in registry.ts.
 */
export type StepDefinition<S = unknown> =
  | (StepDefinitionCommon<S> & { readonly execution: 'executor' })
  | (StepDefinitionCommon<S> & {
      readonly execution: 'engine';
      run(settings: S, context: EngineStepContext): EngineStepResult;
    });
