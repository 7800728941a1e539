import { sequenceConflictSchema } from '@muster/contracts/kinds/sequence-revision.js';
import { describeDifference } from '@muster/sequence/edit/describe-difference.js';

/** What both sides of a refused save changed, as lines; none where the server does not say. */
export function conflictLines(conflict: unknown): string[] {
  const parsed = sequenceConflictSchema.safeParse(conflict);
  if (!parsed.success) return [];
  const { seen, current, theirs, yours } = parsed.data;
  const lines: string[] = [];
  if (theirs)
    lines.push(`others changed, from revision ${seen} to ${current}:`, ...indented(describeDifference(theirs)));
  if (yours) {
    lines.push(`you would change, from revision ${seen ?? current}:`, ...indented(describeDifference(yours)));
  }
  return lines;
}

function indented(lines: readonly string[]): string[] {
  return lines.length === 0 ? ['  nothing'] : lines.map((line) => `  ${line}`);
}
