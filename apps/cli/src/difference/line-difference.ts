/** Changed lines in the unified format with three lines of context; none when the texts are equal. */
export function lineDifference(before: readonly string[], after: readonly string[]): string[] {
  const edits = editsOf(before, after);
  if (edits.every(({ sign }) => sign === ' ')) return [];
  const shown = new Set<number>();
  edits.forEach(({ sign }, index) => {
    if (sign === ' ') return;
    for (let near = index - context; near <= index + context; near++) shown.add(near);
  });
  const lines: string[] = [];
  let gap = true;
  edits.forEach((edit, index) => {
    if (!shown.has(index)) {
      gap = true;
      return;
    }
    if (gap) lines.push(`@@ -${edit.before} +${edit.after} @@`);
    gap = false;
    lines.push(`${edit.sign}${edit.text}`);
  });
  return lines;
}

const context = 3;

interface Edit {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
  /** Line numbers on both sides, from 1. */
  readonly before: number;
  readonly after: number;
}

/** Shortest edits by the table of longest common parts; equal beginnings and ends are left out of the table. */
function editsOf(before: readonly string[], after: readonly string[]): Edit[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let tail = 0;
  while (
    tail < before.length - start &&
    tail < after.length - start &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail++;
  const left = before.slice(start, before.length - tail);
  const right = after.slice(start, after.length - tail);
  const table = commonLengths(left, right);
  const edits: Edit[] = [];
  const at = (i: number, j: number) => ({ before: start + i + 1, after: start + j + 1 });
  for (let k = 0; k < start; k++) edits.push({ sign: ' ', text: before[k] ?? '', before: k + 1, after: k + 1 });
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      edits.push({ sign: ' ', text: left[i] ?? '', ...at(i, j) });
      i++;
      j++;
    } else if (i < left.length && (j >= right.length || (table[i + 1]?.[j] ?? 0) >= (table[i]?.[j + 1] ?? 0))) {
      edits.push({ sign: '-', text: left[i] ?? '', ...at(i, j) });
      i++;
    } else {
      edits.push({ sign: '+', text: right[j] ?? '', ...at(i, j) });
      j++;
    }
  }
  for (let k = 0; k < tail; k++)
    edits.push({ sign: ' ', text: before[before.length - tail + k] ?? '', ...at(left.length + k, right.length + k) });
  return edits;
}

function commonLengths(left: readonly string[], right: readonly string[]): Uint32Array[] {
  const table = Array.from({ length: left.length + 1 }, () => new Uint32Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      const row = table[i];
      if (row === undefined) continue;
      row[j] =
        left[i] === right[j] ? (table[i + 1]?.[j + 1] ?? 0) + 1 : Math.max(table[i + 1]?.[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return table;
}
