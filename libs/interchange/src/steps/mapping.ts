import type { ReferenceKind } from '../references.js';
import type { SourceStep } from '../source/source-step.js';

/** Where a mapping writes what it understood. */
export interface SettingsDraft {
  readonly settings: Record<string, unknown>;
  set(setting: string, value: unknown): void;
  /** The step will behave differently from its original, or not all of it could be taken over. */
  note(code: string, message: string, fix?: string): void;
  /** The name of an object of the other site: a placeholder, or what the user bound it to. */
  reference(kind: ReferenceKind, id: string, displayName?: string): string;
  /** A value that is dropped because it is a secret; `what` tells people which. Empty values are none. */
  secret(what: string, value: string): void;
  /** A property without a place here. */
  leftOut(property: string, value: string): void;
}

/** What becomes of the value of one property; never called with an empty one. */
export type Field = (value: string, draft: SettingsDraft) => void;

/** How the steps of one type of another product become steps of ours. One small table per category. */
export interface StepMapping {
  /** Their types, whole names. */
  readonly from: readonly string[];
  readonly to: string;
  /** By name of the property. Properties whose variable is that of one of our settings need no entry. */
  readonly fields?: Readonly<Record<string, Field>> | undefined;
  /** Properties that repeat what others say. */
  readonly derived?: readonly (string | RegExp)[] | undefined;
  /** What tables cannot say: lists, references, facts that only the command line has. Runs before `fields`. */
  readonly finish?: ((step: SourceStep, draft: SettingsDraft) => void) | undefined;
}

/** Thrown by a mapping when a step cannot be said in our terms: it keeps its own type. */
export class NotRepresentable extends Error {
  override readonly name = 'NotRepresentable';
}
