import { safeLine } from './safe-text.js';

/** Rows as aligned lines, the header first. Cells are one line and harmless; nothing is padded at the end. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return layOut([header, ...rows.map((row) => row.map(safeLine))]);
}

function layOut(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}

/** Writes rows one by one in the columns that the first rows had, for output that never ends. */
export function growingTable(header: readonly string[]): (row: readonly string[]) => string {
  const widths = header.map((cell) => cell.length);
  return (row) => {
    row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, safeLine(cell).length)));
    return row
      .map((cell, index) => safeLine(cell).padEnd(widths[index] ?? 0))
      .join('   ')
      .trimEnd();
  };
}
