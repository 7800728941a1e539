import { IMPORT_LIMITS } from './limits.js';

/**
 * Something to know about an imported sequence. `info` is for the record and needs nobody; `note` says that what was imported
 * behaves differently, or is not all there. `path` is made of display names, `pointer` leads into the document.
 */
export interface ImportFinding {
  readonly code: string;
  readonly severity: 'info' | 'note';
  readonly path: string;
  readonly pointer: string;
  /** Line in the file, or in the text inside the file that holds the sequence. */
  readonly line: number;
  readonly message: string;
  readonly fix?: string | undefined;
}

/** Where a finding stands. */
export interface FindingPlace {
  readonly path: string;
  readonly pointer: string;
  readonly line: number;
}

/** Foreign text, short enough for a message. */
export function quote(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > IMPORT_LIMITS.quoteLength ? `${line.slice(0, IMPORT_LIMITS.quoteLength)}…` : line;
}
