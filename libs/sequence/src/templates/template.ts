import type { z } from 'zod';
import type { SequenceSpec } from '../model.js';

/** A way to begin a task sequence (sequence-model.md section 1.8). */
export interface SequenceTemplate<Parameters = unknown> {
  /** Name in requests: `install-image`. */
  readonly name: string;
  readonly title: string;
  /** What the sequence will do, in a few sentences for authors. */
  readonly help: string;
  /** An object of parameters. All of them may be given as texts, lists with commas. */
  readonly parameters: z.ZodType<Parameters>;
  /** The sequence for valid parameters. Pure, and valid by the rules of sequences. */
  readonly build: (parameters: Parameters) => SequenceSpec;
}

/** One parameter, for forms and help. */
export interface TemplateParameter {
  readonly name: string;
  readonly required: boolean;
  readonly description: string;
}

/** A template, for lists. */
export interface TemplateSummary {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly parameters: readonly TemplateParameter[];
}
