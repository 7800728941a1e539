/**
 * An event that does not fit the state of the run: a driver's mistake or a journal of something else.
 * `code` is stable. Never thrown for a bad sequence document.
 */
export class SequenceEventError extends Error {
  override readonly name = 'SequenceEventError';
  readonly code = 'run.unexpected-event';
}
