const firstSeconds = 0.2;
const maxSeconds = 10;
const healthySeconds = 30;

/** Seconds to wait before the n-th restart in a row: 0.2 s, doubled each time, at most 10 s; again 0.2 s after 30 s of health. */
export class RestartBackoff {
  #failures = 0;

  /** Seconds to wait now, given how long the child had been ready (0 = never became ready). */
  next(readySeconds: number): number {
    if (readySeconds >= healthySeconds) this.#failures = 0;
    const seconds = Math.min(maxSeconds, firstSeconds * 2 ** this.#failures);
    this.#failures++;
    return seconds;
  }
}
