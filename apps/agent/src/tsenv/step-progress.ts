/** What a running step says of its progress. Never journaled, never sent: for whoever watches now. */
export interface StepProgress {
  /** Instruction of the plan, as in reports. */
  readonly position: number;
  /** Groups and step, joined by `/`. */
  readonly path: string;
  /** One line without control characters, secrets masked, at most 500 characters. */
  readonly message: string;
  /** Number of the part that is at work, and of how many; whole numbers, `step` at most `of`. */
  readonly step?: number | undefined;
  readonly of?: number | undefined;
}
