/** Where in a text something is, both counted from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/**
 * Why a file, or a member of an archive, gives no sequence. `code` is stable (docs/errors.md); the message says what was found
 * and, where that is known, at which line.
 */
export class ImportRefusal extends Error {
  override readonly name = 'ImportRefusal';

  constructor(
    readonly code: string,
    message: string,
    readonly position?: TextPosition,
  ) {
    super(position === undefined ? message : `line ${position.line}, column ${position.column}: ${message}`);
  }
}
