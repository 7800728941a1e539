import type { PolicyVariables } from '@muster/contracts/agent/policy.js';
import type { JournalEntry, RunEvent, RunStarted } from '@muster/sequence/run.js';

/** Variables as policy tells them, and who opens the hidden ones. */
export interface ToldVariables {
  readonly told: PolicyVariables;
  open(told: PolicyVariables): Promise<RunStarted['variables']>;
}

/** How a journal holds variables that policy told: as it told them, secrets sealed. */
type Kept = Omit<RunStarted, 'variables'> & { readonly variables: { readonly told: PolicyVariables } };

/** The form of an event that goes to the disk. */
export function toKept(event: RunEvent, variables: ToldVariables | undefined): RunEvent {
  if (event.type !== 'run-started' || !variables) return event;
  const kept: Kept = { ...event, variables: { told: variables.told } };
  return kept as unknown as RunEvent;
}

/**
 * The entries of a journal as the engine wrote them.
 * Throws what `open` throws; the journal of a run that policy asked for needs its opener.
 */
export async function fromKept(
  entries: readonly JournalEntry[],
  variables: ToldVariables | undefined,
): Promise<readonly JournalEntry[]> {
  const [first, ...rest] = entries;
  if (first?.event.type !== 'run-started' || !('told' in first.event.variables)) return entries;
  const { told } = (first.event as unknown as Kept).variables;
  if (!variables) throw new Error('a run of policy is resumed without its key');
  return [{ ...first, event: { ...first.event, variables: await variables.open(told) } }, ...rest];
}
