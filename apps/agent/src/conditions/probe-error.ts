/** A question that this computer cannot answer: stable code, and what is wrong. */
export class ProbeError extends Error {
  override readonly name = 'ProbeError';

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
