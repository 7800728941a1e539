import type { ReferenceKind } from '../references.js';
import type { SequenceOrigin } from '../source/find-sequences.js';
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

/** The site that a step is written for. */
export interface OtherSite {
  readonly dialect: SequenceOrigin;
  /** The id; undefined when the original named nothing either, so that nothing is written. */
  idOf(kind: ReferenceKind, name: string): string | undefined;
}

/** One property of theirs and what it is here. */
export interface Field {
  /** What becomes of its value; never called with an empty one. */
  read(value: string, draft: SettingsDraft): void;
  /** The setting that it is. Absent: it has no place here, or is a secret. */
  readonly setting?: string | undefined;
  /** The property for a value of the setting; undefined when it cannot be said. */
  write?(value: unknown, site: OtherSite): string | undefined;
}

/** A property that is written back. */
export interface WrittenProperty {
  readonly property: string;
  readonly value: string;
  /** The variable it is published as; the property itself when absent. */
  readonly name?: string | undefined;
  readonly hidden?: boolean | undefined;
}

export type Settings = Readonly<Record<string, unknown>>;

/** How settings of ours become a step of theirs again: what the table of fields cannot say. */
export interface StepWriting {
  /** Why these settings cannot be this type of theirs. */
  problem?(settings: Settings): string | undefined;
  /** Properties beside those of the table; settings never have secrets. */
  properties?(settings: Settings, site: OtherSite): readonly WrittenProperty[];
  /** Names of properties that `properties` writes: when it does not write one, it is gone. */
  readonly owns?: RegExp | undefined;
  /** The command line that their engine runs. Gets the text of a property, empty when it is not there. */
  action(of: (property: string) => string, settings: Settings, site: OtherSite): string;
  /** Variables of properties of the table, where they have another name than our type says. */
  readonly names?: Readonly<Record<string, string>> | undefined;
  /** Properties that their editor marks as hidden. */
  readonly hidden?: readonly string[] | undefined;
}

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
  /** The way back. Absent: only a step that nobody changed can be exported as this type. */
  readonly writing?: StepWriting | undefined;
}

/** Thrown by a mapping when a step cannot be said in our terms: it keeps its own type. */
export class NotRepresentable extends Error {
  override readonly name = 'NotRepresentable';
}
