import type { Phase, SequenceSpec } from '@muster/sequence/model.js';
import type { SimulatedOutcome } from '@muster/sequence/simulate.js';
import type { VariableInput } from '@muster/sequence/variables.js';

/** A run on paper: the documents, what surrounds them, and what each executed step is pretended to have done. */
export interface Scenario {
  readonly spec: SequenceSpec;
  readonly children: Readonly<Record<string, SequenceSpec>>;
  readonly media?: VariableInput | undefined;
  readonly device?: VariableInput | undefined;
  readonly collection?: VariableInput | undefined;
  readonly phase: Phase;
  /** Read-only variables; `_SMSTSInWinPE` follows from the phase. */
  readonly readOnly: Readonly<Record<string, string>>;
  /** Process environment for `%NAME%`. */
  readonly environment: Readonly<Record<string, string>>;
  /** By name of the step, used in order; exit code 0 after the last, so that every run ends. */
  readonly outcomes: Readonly<Record<string, readonly SimulatedOutcome[]>>;
}

/** The name under which children find their root: pointing to it is a circle. */
export const ROOT_NAME = 'main';

/** The end of one step. Absent values are left out. */
export interface StepFact {
  readonly path: string;
  readonly outcome: 'succeeded' | 'failed' | 'skipped';
  readonly reason?: string;
  readonly code?: string;
  readonly exitCode?: number;
  readonly continuedOnError?: boolean;
  readonly attempt?: number;
}

/** One thing that happened, in order. */
export type Fact =
  | { readonly execute: string; readonly attempt: number; readonly settings: unknown }
  | StepFact
  | { readonly restart: Phase };

/** Everything that is compared about a run. */
export interface Answer {
  /** Steps to expect; 0 for a run that cannot begin. */
  readonly total: number;
  readonly facts: readonly Fact[];
  readonly result: 'succeeded' | 'failed' | 'unfinished';
  readonly exitCode: number;
  readonly code?: string;
  /** At the end, by name in lower case; a secret carries a star. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Answers the outcomes of a table by the name of the step; every caller counts for itself. */
export function tableOf(scenario: Scenario): (name: string) => SimulatedOutcome {
  const used = new Map<string, number>();
  return (name) => {
    const index = used.get(name) ?? 0;
    used.set(name, index + 1);
    return scenario.outcomes[name]?.[index] ?? { exitCode: 0 };
  };
}
