import type { StepDefinition } from './definition.js';
import { installPackage } from './install-package/definition.js';
import { runCommandLine } from './run-command-line/definition.js';
import { setTaskSequenceVariable } from './set-task-sequence-variable/definition.js';

/** Every step type there is. Adding a type = a folder with a definition, and one entry here. */
export const STEP_DEFINITIONS: readonly StepDefinition[] = [runCommandLine, setTaskSequenceVariable, installPackage];

const byType = new Map<string, StepDefinition>(STEP_DEFINITIONS.map((definition) => [definition.type, definition]));

/** The definition of a type, or undefined for a type nobody registered. Names are case-sensitive. */
export function stepDefinition(type: string): StepDefinition | undefined {
  return byType.get(type);
}

/** Names of all types, in the order of the registry. */
export function stepTypeNames(): string[] {
  return [...byType.keys()];
}
