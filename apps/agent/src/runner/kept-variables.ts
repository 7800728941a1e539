import type { PolicyVariables } from '@muster/contracts/agent/policy.js';
import { isSecretName } from '@muster/sequence/names.js';
import type { JournalEntry, RunEvent, RunStarted, StepEnded } from '@muster/sequence/run.js';
import type { Assignment } from '@muster/sequence/variables.js';
import type { AtRest } from '../identity/at-rest.js';

/** Variables as policy tells them, who opens the hidden ones, and who seals what the run itself makes secret. */
export interface ToldVariables {
  readonly told: PolicyVariables;
  open(told: PolicyVariables): Promise<RunStarted['variables']>;
  readonly atRest: AtRest;
}

/** How a journal holds variables that policy told: as it told them, secrets sealed. */
type KeptStart = Omit<RunStarted, 'variables'> & { readonly variables: { readonly told: PolicyVariables } };

/** How it holds a secret that a step set. */
type KeptAssignment = Omit<Assignment, 'value'> & { readonly sealed: string };

/** The form of an event that goes to the disk. */
export function toKept(event: RunEvent, variables: ToldVariables | undefined): RunEvent {
  if (!variables) return event;
  if (event.type === 'run-started') {
    const kept: KeptStart = { ...event, variables: { told: variables.told } };
    return kept as unknown as RunEvent;
  }
  if (event.type !== 'step-ended' || !event.assignments?.some(isSecret)) return event;
  const assignments = event.assignments.map((assignment): Assignment | KeptAssignment => {
    if (!isSecret(assignment)) return assignment;
    const { value, ...named } = assignment;
    return { ...named, sealed: variables.atRest.seal(value) };
  });
  return { ...event, assignments: assignments as readonly Assignment[] };
}

/**
 * The entries of a journal as the engine wrote them.
 * Throws what `open` and `unseal` throw; the journal of a run that policy asked for needs them.
 */
export async function fromKept(
  entries: readonly JournalEntry[],
  variables: ToldVariables | undefined,
): Promise<readonly JournalEntry[]> {
  const started = entries[0]?.event;
  if (started?.type !== 'run-started' || !('told' in started.variables)) return entries;
  if (!variables) throw new Error('a run of policy is resumed without its key');
  const opened = await variables.open((started as unknown as KeptStart).variables.told);
  return entries.map((entry): JournalEntry => {
    if (entry.event.type === 'run-started') return { ...entry, event: { ...entry.event, variables: opened } };
    return entry.event.type === 'step-ended' ? { ...entry, event: withValues(entry.event, variables.atRest) } : entry;
  });
}

function withValues(event: StepEnded, atRest: AtRest): StepEnded {
  if (!event.assignments?.some((assignment) => 'sealed' in assignment)) return event;
  const assignments = event.assignments.map((assignment: Assignment | KeptAssignment): Assignment => {
    if (!('sealed' in assignment)) return assignment;
    const { sealed, ...named } = assignment;
    return { ...named, value: atRest.unseal(sealed) };
  });
  return { ...event, assignments };
}

function isSecret({ name, secret }: Assignment): boolean {
  return secret === true || isSecretName(name);
}
